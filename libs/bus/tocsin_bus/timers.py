"""Durable timers: a row each, claimed by database time, its effect in the same transaction (R23-R26)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from asyncpg import Record

from tocsin_bus.unit_of_work import Cause, OpenUnitOfWork, UnitOfWork
from tocsin_runtime.statement import Statement

log = structlog.get_logger("tocsin.timers")
BATCH = 50
LONGEST_BACKOFF = timedelta(minutes=1)


@dataclass(frozen=True)
class Timer:
    """What was scheduled. `due_at` is when it should fire, however late it is: count the next one from there (R25)."""

    kind: str
    subject: UUID
    generation: int
    due_at: datetime
    payload: dict[str, Any]


FireTimer = Callable[[Timer, UnitOfWork], Awaitable[None]]


class Timers:
    """The table of timer kinds and what each does."""

    def __init__(self) -> None:
        self._handlers: dict[str, FireTimer] = {}

    def on(self, kind: str) -> Callable[[FireTimer], FireTimer]:
        """Register the decorated coroutine. It decides by the aggregate's state whether the timer still applies."""

        def register(handler: FireTimer) -> FireTimer:
            if kind in self._handlers:
                raise ValueError(f"timer kind {kind!r} has a handler already")
            self._handlers[kind] = handler
            return handler

        return register

    def kinds(self) -> list[str]:
        """All registered kinds."""
        return sorted(self._handlers)

    async def fire(self, timer: Timer, uow: UnitOfWork) -> None:
        """Run the handler of the timer's kind."""
        await self._handlers[timer.kind](timer, uow)


class TimerRunner:
    """Claims what is due; several replicas may run one each, a timer fires once in effect."""

    def __init__(self, timers: Timers, open_uow: OpenUnitOfWork) -> None:
        self._timers = timers
        self._open_uow = open_uow

    async def run_once(self) -> int:
        """Fire what is due, each in a transaction of its own with its row locked. Returns how many fired.

        A handler that raises keeps its timer: it is tried again after 1, 2, 4 … 60 s, for ever, and logged each time.
        """
        fired = 0
        while fired < BATCH and await self._fire_next():
            fired += 1
        return fired

    async def _fire_next(self) -> bool:
        row: Record | None = None
        try:
            async with self._open_uow() as uow:
                row = await self._claim(uow)
                if row is None:
                    return False
                uow.cause = Cause(row["correlation_id"], row["causation_id"], row["traceparent"])
                timer = Timer(row["kind"], row["subject"], row["generation"], row["due_at"], row["payload"])
                await self._timers.fire(timer, uow)
                await _DONE.run(uow.conn, **_identity(row))
        except Exception as error:
            if row is None:
                raise
            log.exception(
                "timer.failed", kind=row["kind"], subject=str(row["subject"]), attempts=row["attempts"] + 1
            )
            await self._put_off(row, error)
        return True

    async def _claim(self, uow: UnitOfWork) -> Record | None:
        return await _CLAIM.row(uow.conn, now=uow.now, kinds=self._timers.kinds())

    async def _put_off(self, row: Record, error: Exception) -> None:
        async with self._open_uow() as uow:
            pause = min(LONGEST_BACKOFF, timedelta(seconds=2 ** min(row["attempts"], 6)))
            await _PUT_OFF.run(uow.conn, **_identity(row), try_at=uow.now + pause, error=repr(error)[:500])


def _identity(row: Record) -> dict[str, object]:
    return {name: row[name] for name in ("kind", "subject", "generation")}


_CLAIM = Statement(
    "SELECT kind, subject, generation, due_at, payload, correlation_id, causation_id, traceparent, attempts FROM timers"
    " WHERE try_at <= :now AND kind = ANY(CAST(:kinds AS text[])) ORDER BY try_at LIMIT 1 FOR UPDATE SKIP LOCKED"
)
_DONE = Statement("DELETE FROM timers WHERE kind = :kind AND subject = :subject AND generation = :generation")
_PUT_OFF = Statement(
    "UPDATE timers SET try_at = :try_at, attempts = attempts + 1, error = :error"
    " WHERE kind = :kind AND subject = :subject AND generation = :generation"
)
