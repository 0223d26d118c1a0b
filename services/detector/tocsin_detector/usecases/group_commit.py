"""Group commit without a timer: while one write is under way, arrivals queue; the next write takes them all (R1)."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from tocsin_detector.domain.delivery import Delivery, Outcome
from tocsin_detector.store.intake import DatabaseAway
from tocsin_runtime.clock import monotonic

log = structlog.get_logger("tocsin.accept")
PATIENCE = 2.0
"""Seconds for which a delivery waits for a database that is away, before its sender is asked to come again (R2)."""
_SLICE = 32
_PAUSE = 0.1
_PROBE = 1.0


class TooMuchWaiting(Exception):
    """The queue is full; the sender should come again a little later."""


Tell = Callable[[Outcome | Exception], None]
"""Hears once what became of a delivery: an exception when it is not known to be durable."""


class Write(Protocol):
    """Writes deliveries in one commit; raises DatabaseAway."""

    def __call__(self, deliveries: Sequence[Delivery], *, again: bool) -> Awaitable[list[Outcome]]: ...


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much may wait, and how much one write takes."""

    waiting: int = 20_000
    waiting_bytes: int = 128 * 1024 * 1024
    batch: int = 500
    batch_bytes: int = 8 * 1024 * 1024


@dataclass(slots=True)
class _Entry:
    delivery: Delivery
    size: int
    since: float
    tell: Tell


class GroupCommit:
    """The queue of deliveries that are not durable yet. One per process."""

    def __init__(
        self,
        write: Write,
        *,
        capacity: Capacity | None = None,
        on_commit: Callable[[set[int]], None] = lambda lanes: None,
    ) -> None:
        self._write = write
        self._capacity = capacity or Capacity()
        self._on_commit = on_commit
        self._queue: deque[_Entry] = deque()
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._closed_until = 0.0

    @property
    def waiting(self) -> int:
        """How many deliveries wait for a write."""
        return len(self._queue)

    async def put(self, delivery: Delivery) -> Outcome:
        """Return once the delivery is durable, or known to be a repeat or refused.

        Raises TooMuchWaiting when the queue is full and DatabaseAway when the database is away for 2 s.
        """
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def tell(outcome: Outcome | Exception) -> None:
            if done.done():
                return  # whoever waited was cancelled
            if isinstance(outcome, Exception):
                done.set_exception(outcome)
            else:
                done.set_result(outcome)

        self.hand(delivery, tell)
        return await done

    def hand(self, delivery: Delivery, tell: Tell) -> None:
        """Take the delivery and return at once; `tell` hears what `put` would return or raise once it was written.

        Raises TooMuchWaiting and DatabaseAway when nothing is taken; `tell` is not called then.
        """
        size = len(delivery.body) + len(delivery.signals or b"")
        if len(self._queue) >= self._capacity.waiting or self._bytes + size > self._capacity.waiting_bytes:
            raise TooMuchWaiting
        now = monotonic()
        if now < self._closed_until:
            raise DatabaseAway("it was away a moment ago")
        self._queue.append(_Entry(delivery, size, now, tell))
        self._bytes += size
        if self._task is None:
            self._task = asyncio.create_task(self._drain(), name="group commit")

    async def _drain(self) -> None:
        try:
            await asyncio.sleep(0)  # whoever is ready in this round of the loop goes into the same write
            while self._queue:
                await self._commit(self._take())
        finally:
            self._task = None

    def _take(self) -> list[_Entry]:
        batch: list[_Entry] = []
        size = 0
        while self._queue and len(batch) < self._capacity.batch and size < self._capacity.batch_bytes:
            entry = self._queue.popleft()
            batch.append(entry)
            size += entry.size
        self._bytes -= size
        return batch

    async def _commit(self, batch: list[_Entry]) -> None:
        again = False
        while batch:
            try:
                outcomes = await self._write([entry.delivery for entry in batch], again=again)
            except DatabaseAway as error:
                again = True
                batch = self._give_up_late(batch, error)
                await asyncio.sleep(_PAUSE)
            except asyncio.CancelledError:
                _fail_all([*batch, *self._queue], DatabaseAway("stopping"))
                raise
            except Exception as error:  # noqa: BLE001 - whatever it was, nobody may wait for ever
                _fail_all(batch, error)
                return
            else:
                self._closed_until = 0.0
                # The next write begins before these are told, so that the database works while they are.
                asyncio.get_running_loop().call_soon(self._tell_all, batch, outcomes)
                return

    def _tell_all(self, batch: Sequence[_Entry], outcomes: Sequence[Outcome], done: int = 0) -> None:
        """In slices: while the others are told, the first have their answers and send again, so nobody idles."""
        for entry, outcome in zip(batch[done : done + _SLICE], outcomes[done : done + _SLICE], strict=True):
            _tell(entry, outcome)
        if done + _SLICE < len(batch):
            asyncio.get_running_loop().call_soon(self._tell_all, batch, outcomes, done + _SLICE)
        else:
            self._on_commit({entry.delivery.lane for entry in batch if entry.delivery.signals is not None})

    def _give_up_late(self, batch: list[_Entry], error: DatabaseAway) -> list[_Entry]:
        """Answer those who have waited long enough, in the batch and behind it. Returns who still waits."""
        now = monotonic()
        late = [entry for entry in batch if now - entry.since >= PATIENCE]
        while self._queue and now - self._queue[0].since >= PATIENCE:
            entry = self._queue.popleft()
            self._bytes -= entry.size
            late.append(entry)
        _fail_all(late, error)
        if late:
            self._closed_until = now + _PROBE
        return [entry for entry in batch if now - entry.since < PATIENCE]


def _fail_all(entries: Sequence[_Entry], error: Exception) -> None:
    for entry in entries:
        _tell(entry, error)


def _tell(entry: _Entry, outcome: Outcome | Exception) -> None:
    """One that cannot be told must not keep the others from hearing."""
    try:
        entry.tell(outcome)
    except Exception:
        log.exception("delivery.not_told", delivery_id=str(entry.delivery.id))
