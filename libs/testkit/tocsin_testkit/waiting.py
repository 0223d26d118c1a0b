"""Wait for a condition with a deadline, so that no test sleeps for a guessed time."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from inspect import isawaitable
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
async def eventually(
    check: Callable[[], Coroutine[Any, Any, T]], *, within: float, every: float = ...
) -> T: ...
@overload
async def eventually(check: Callable[[], T], *, within: float, every: float = ...) -> T: ...
async def eventually(check: Callable[[], Any], *, within: float, every: float = 0.05) -> Any:
    """Call `check` (sync or async) until its result is true, and return it; times are in seconds.

    An AssertionError of `check` means "not yet"; at the deadline the last one is raised. Any other error is
    raised at once. A `check` that never answers is cut off at the deadline.
    """
    watch = _Watch(check, within=within)
    while True:
        limit = asyncio.timeout(max(watch.left(), every))
        try:
            async with limit:
                result = check()
                value = await result if isawaitable(result) else result
            if value:
                return value
            watch.failed()
        except AssertionError as error:
            watch.failed(error)
        except TimeoutError as error:
            if not limit.expired():
                raise
            watch.failed(AssertionError(f"{watch.name} gave no answer: {error!r}"))
        await asyncio.sleep(every)


def wait_until(check: Callable[[], T], *, within: float, every: float = 0.05) -> T:
    """The twin of `eventually` for tests and fixtures without an event loop."""
    watch = _Watch(check, within=within)
    while True:
        try:
            value = check()
            if value:
                return value
            watch.failed()
        except AssertionError as error:
            watch.failed(error)
        time.sleep(every)


class _Watch:
    def __init__(self, check: Callable[[], object], *, within: float) -> None:
        self.name = getattr(check, "__qualname__", repr(check))
        self._within = within
        self._deadline = time.monotonic() + within

    def left(self) -> float:
        return self._deadline - time.monotonic()

    def failed(self, error: AssertionError | None = None) -> None:
        """Count a failed attempt: raise it if there is no time for another."""
        if self.left() <= 0:
            raise error or AssertionError(f"{self.name} was not true within {self._within:g} s")


async def pause(seconds: float) -> None:
    """Let time pass where time itself is what a test is about: how long a fault lasts, when a kill comes."""
    await asyncio.sleep(seconds)
