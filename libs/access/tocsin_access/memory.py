"""What was just looked up, remembered for a moment, so that a busy caller costs no query."""

from asyncio import Future, ensure_future, shield
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from tocsin_runtime.clock import monotonic

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class ShortMemory(Generic[Key, Found]):
    """Remembers for `seconds`; callers that ask for the same thing at the same time share one look-up.

    None is remembered for `none_seconds` only: what was just made shall be found soon. A failed look-up is
    not remembered: all who wait for it get its error.
    """

    def __init__(
        self,
        seconds: float,
        *,
        none_seconds: float = 0.2,
        size: int = 10_000,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._seconds = seconds
        self._none_seconds = none_seconds
        self._size = size
        self._clock = clock
        self._known: dict[Key, tuple[float, Found]] = {}
        self._asking: dict[Key, Future[Found]] = {}

    async def get(self, key: Key, look_up: Callable[[], Awaitable[Found]]) -> Found:
        """What is remembered, else what the look-up finds."""
        known = self._known.get(key)
        if known is not None and self._clock() < known[0]:
            return known[1]
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = ensure_future(self._ask(key, look_up))
        return await shield(asking)  # one caller that hangs up does not take the answer from the others

    def __len__(self) -> int:
        return len(self._known)

    def forget(self) -> None:
        """Begin anew."""
        self._known.clear()

    async def _ask(self, key: Key, look_up: Callable[[], Awaitable[Found]]) -> Found:
        try:
            found = await look_up()
        finally:
            del self._asking[key]
        if len(self._known) >= self._size:
            self._known.clear()
        holds = self._none_seconds if found is None else self._seconds
        self._known[key] = (self._clock() + holds, found)
        return found
