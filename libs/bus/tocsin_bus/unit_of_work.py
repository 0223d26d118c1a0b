"""One transaction with one `now`, and whatever it causes: events, timers, wake-ups, live updates."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Protocol
from uuid import UUID

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_bus import outbox
from tocsin_bus.berths import Berths, no_berth
from tocsin_events.base import Event
from tocsin_events.envelope import SOURCE_PREFIX, Envelope
from tocsin_runtime.clock import Clock, monotonic
from tocsin_runtime.database import Database, Turn
from tocsin_runtime.ids import new_id
from tocsin_runtime.statement import Statement
from tocsin_runtime.writes import Write, run_together

log = structlog.get_logger("tocsin.unit_of_work")
NAMES_EACH = 100
"""Names of what changed in one notification."""


@dataclass(frozen=True)
class Cause:
    """Why something happens: the story it belongs to, and the event that led to it."""

    correlation_id: UUID
    causation_id: UUID | None = None
    traceparent: str | None = None

    @staticmethod
    def of(envelope: Envelope) -> "Cause":
        """What follows from this event."""
        return Cause(envelope.correlation_id, envelope.id, envelope.traceparent)


class UnitOfWork:
    """State and events commit together or not at all. Only the entry point that opened it commits it."""

    def __init__(
        self,
        conn: AsyncConnection,
        *,
        service: str,
        now: datetime,
        cause: Cause,
        fixed_now: datetime | None = None,
        began: float = 0.0,
        sender: str = "",
        berths: Berths = no_berth,
    ) -> None:
        """`began` is a moment before `now`, by the monotonic clock.

        `fixed_now` is the time where the clock is not the database's: statements that lease something take it, else
        they read the database's own clock, which is the same for all processes to the microsecond.
        """
        self.fixed_now = fixed_now
        self._sender = sender
        self.began = began
        self.berths = berths
        self.conn = conn
        self.now = now
        self.cause = cause
        self.service = service
        self.after: list[Callable[[], None]] = []
        self.undo: list[Callable[[], None]] = []
        self.woken: set[str] = set()
        self.announced: set[str] = set()
        self.emitted: list[Envelope] = []
        self._flushed = 0
        self._writes: list[Write] = []
        self._timers: list[tuple[str, UUID, int, datetime, str, UUID, UUID | None, str | None]] = []

    @property
    def correlation_id(self) -> UUID:
        """The delivery or request that this story began with."""
        return self.cause.correlation_id

    def emit(self, event: Event, *, cause: Cause | None = None) -> UUID:
        """Tell the other services, once this commits. Returns the event's id.

        Hold the row lock of the aggregate that `event.key` names: then the order of commits is the order told.
        `cause` is for a unit of work that moves many stories on at once; else it is the unit's own.
        """
        cause = cause or self.cause
        envelope = Envelope(
            id=new_id(),
            type=event.TYPE,
            source=SOURCE_PREFIX + self.service,
            topic=event.topic,
            key=event.key,
            occurred_at=self.now,
            data=event.model_dump_json().encode(),
            correlation_id=cause.correlation_id,
            causation_id=cause.causation_id,
            traceparent=cause.traceparent,
        )
        self.emitted.append(envelope)
        self.woken.add("relay")
        return envelope.id

    def schedule(
        self,
        kind: str,
        subject: UUID,
        due_at: datetime,
        *,
        payload: dict[str, object] | None = None,
        generation: int = 0,
    ) -> None:
        """A timer that survives everything. One with the same (kind, subject, generation) is kept as it is.

        Timers are never cancelled: when one fires, its handler looks whether it still applies. One that is due
        already fires at once, others within a second of their time. What follows from it has the cause that this has.
        """
        told, cause = orjson.dumps(payload or {}).decode(), self.cause
        why = (cause.correlation_id, cause.causation_id, cause.traceparent)
        self._timers.append((kind, subject, generation, due_at, told, *why))
        if due_at <= self.now:
            self.woken.add("timers")

    def wake(self, worker: str) -> None:
        """Wake that worker of this service, in every replica, once this commits."""
        self.woken.add(worker)

    def announce(self, name: str) -> None:
        """Tell open pages, once this commits, that what they know as `name` changed."""
        self.announced.add(name)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back right after the commit, in this process only: a hint, not a guarantee."""
        self.after.append(callback)

    def after_rollback(self, callback: Callable[[], None]) -> None:
        """Call back when nothing of this was kept, or when nobody knows."""
        self.undo.append(callback)

    def write(self, *writes: Write) -> None:
        """Write these just before the commit, in one trip to the server with all else that is written so.

        It is for what does not depend on another such write, and what nobody reads again in this unit of work.
        """
        self._writes += writes

    async def settle(self) -> None:
        """Write now what waits to be written: somebody else is going to read in this unit of work."""
        writes, self._writes = self._writes, []
        await run_together(self.conn, writes)

    async def flush(self) -> None:
        """Write what waits, events, timers and the one notification. The opener calls it just before the commit."""
        if self._timers:
            in_key_order = sorted(self._timers, key=itemgetter(0, 1, 2))  # so that no two writers deadlock
            columns = map(list, zip(*in_key_order, strict=True))
            self.write(Write(_SCHEDULE, dict(zip(_OF_A_TIMER, columns, strict=True))))
            self._timers = []
        envelopes = self.emitted[self._flushed :]
        if envelopes:
            self.write(outbox.added(envelopes))
            self._flushed = len(self.emitted)
        channel = notification_channel(self.service)
        for message in self._messages():
            self.write(Write(_NOTIFY, {"channel": channel, "message": message}))
        await self.settle()

    def _messages(self) -> list[str]:
        """One, unless so many names are announced that PostgreSQL would not take it: 8,000 bytes are the most."""
        if not (self.woken or self.announced):
            return []
        names = sorted(self.announced)
        own = {"from": self._sender} if self._sender else {}
        return [
            orjson.dumps({"wake": sorted(self.woken), "live": names[at : at + NAMES_EACH], **own}).decode()
            for at in range(0, max(1, len(names)), NAMES_EACH)
        ]


class OpenUnitOfWork(Protocol):
    """Opens a unit of work that commits at the end of the block and rolls back on any exception."""

    def __call__(
        self, *, cause: Cause | None = None, holding: Turn | None = None
    ) -> AbstractAsyncContextManager[UnitOfWork]:
        """With `holding` it begins when that turn is free, and has it to the end."""
        ...


def notification_channel(service: str) -> str:
    """The PostgreSQL channel on which a service's replicas wake each other."""
    return f"tocsin_{service}"


def unit_of_work_opener(
    database: Database,
    *,
    service: str,
    clock: Clock,
    on_wake: Callable[[str], None],
    on_commit: Callable[[], None] = lambda: None,
    sender: str = "",
    berths: Berths = no_berth,
) -> OpenUnitOfWork:
    """How this service opens units of work. `on_wake` gets each woken worker's name right after the commit.

    `on_commit` is called after each, also when nobody knows whether it was one. `sender` goes with each notification,
    so that whoever `on_wake` has woken already need not heed it. `berths` are those of the runners in this process.
    """

    @asynccontextmanager
    async def open_unit_of_work(
        *, cause: Cause | None = None, holding: Turn | None = None
    ) -> AsyncIterator[UnitOfWork]:
        uow: UnitOfWork | None = None
        began = monotonic()
        try:
            async with database.begin(holding=holding) as conn:
                uow = UnitOfWork(
                    conn,
                    service=service,
                    now=await clock.now(conn),
                    cause=cause or Cause(new_id()),
                    fixed_now=clock.known(),
                    began=began,
                    sender=sender,
                    berths=berths,
                )
                yield uow
                await uow.flush()
        except BaseException:
            for callback in uow.undo if uow else ():
                callback()
            on_commit()  # perhaps it is one, of which no answer came
            raise
        on_commit()
        for name in uow.woken:
            on_wake(name)
        for callback in uow.after:
            try:
                callback()
            except Exception:  # it is committed, and the others have room to use
                log.exception("after_commit.failed", service=service)

    return open_unit_of_work


_OF_A_TIMER = (
    "kinds",
    "subjects",
    "generations",
    "times",
    "payloads",
    "correlations",
    "causations",
    "traces",
)
_SCHEDULE = Statement(
    "INSERT INTO timers (kind, subject, generation, due_at, try_at, payload, correlation_id, causation_id, traceparent)"
    " SELECT kind, subject, generation, due_at, due_at, CAST(payload AS jsonb), correlation_id, causation_id,"
    " traceparent FROM unnest(CAST(:kinds AS text[]), CAST(:subjects AS uuid[]), CAST(:generations AS int[]),"
    " CAST(:times AS timestamptz[]), CAST(:payloads AS text[]), CAST(:correlations AS uuid[]),"
    " CAST(:causations AS uuid[]), CAST(:traces AS text[])) AS new(kind, subject, generation, due_at, payload,"
    " correlation_id, causation_id, traceparent) ON CONFLICT DO NOTHING"
)
_NOTIFY = Statement("SELECT pg_notify(:channel, :message)")
