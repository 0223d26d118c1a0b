"""Runs one consumer: fetch, handle many in one transaction, fall back to one by one, park what fails (R14-R17)."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import structlog

from tocsin_bus.berths import no_berth
from tocsin_bus.inbox import admit, admit_unless_parked
from tocsin_bus.naming import naming, naming_record
from tocsin_bus.parked import is_transient, is_unreachable, park
from tocsin_bus.protocol import Bus, BusUnavailable, Consumer, Partition, Record
from tocsin_bus.subscriptions import Heard, ManyHandler, Subscriptions
from tocsin_bus.unit_of_work import Cause, OpenUnitOfWork, UnitOfWork
from tocsin_events.base import REGISTRY, Topic
from tocsin_events.canary import Canary
from tocsin_events.envelope import Envelope
from tocsin_runtime.clock import monotonic

log = structlog.get_logger("tocsin.consumer")
BATCH = 100
HANDLER_DEADLINE = 10.0
LONGEST_PAUSE = 5.0
AT_REST = 5.0
"""Seconds for which a member waits for something to come before it asks again."""
Observe = Callable[[str, str, int], None]


@dataclass
class Progress:
    """What health checks look at."""

    handled: int = 0
    database_away: bool = False
    bus_away: bool = False
    assigned: frozenset[Partition] = field(default_factory=frozenset)


class ConsumerRunner:
    """One member of the service's group. `observe(type, outcome, count)` feeds the metrics.

    A transaction has `deadline` seconds. `gather` is how many seconds lie between two fetches while little comes: more
    in one transaction, for a service that nobody waits for. `batch` is how many events a transaction takes: fewer
    where each holds a lock that others want.
    """

    def __init__(
        self,
        bus: Bus,
        subscriptions: Subscriptions,
        open_uow: OpenUnitOfWork,
        *,
        topics: Iterable[Topic] = (),
        deadline: float = HANDLER_DEADLINE,
        gather: float = 0.0,
        batch: int = BATCH,
        observe: Observe = lambda kind, outcome, count: None,
    ) -> None:
        self.consumer_name = subscriptions.consumer
        self.topics = frozenset(topics) or subscriptions.topics()
        self.progress = Progress()
        self._bus = bus
        self._subscriptions = subscriptions
        self._open_uow = open_uow
        self._observe = observe
        self._deadline = deadline
        self._gather = gather
        self._batch = batch
        self._busy = asyncio.Lock()
        self._member: Consumer | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End after what is being handled; nothing more is fetched."""
        self._stopping.set()

    async def run(self) -> None:
        """Consume until stopped or cancelled; then the position is stored and the group left."""
        member = self._bus.consumer(
            group=self.consumer_name, topics=self.topics, on_revoked=self._revoked, gather=self._gather
        )
        self._member = member
        try:
            await self._join(member)
            while not self._stopping.is_set():
                began = monotonic()
                if await self._turn(member) < self._batch and not member.behind():
                    await self._pause(began + self._gather - monotonic())
        finally:
            self._member = None
            await asyncio.shield(member.close())

    async def lag(self) -> dict[Partition, tuple[int, int]]:
        """Stored position and end offset of each owned partition; empty before the group is joined."""
        return await self._member.lag() if self._member else {}

    async def handle(self, records: list[Record]) -> None:
        """Bring these records into effect, in order. Raises only when the database is unreachable."""
        wanted = [record for record in records if self._wanted(record)]
        if not wanted:
            return
        try:
            async with asyncio.timeout(self._deadline), self._open_uow() as uow:
                await self._handle_in(uow, wanted)
        except Exception as error:
            if is_unreachable(error):
                raise
            log.info(
                "consumer.batch_split", consumer=self.consumer_name, size=len(wanted), error=repr(error)[:300]
            )
            for record in wanted:
                with naming_record(record):
                    await self._handle_alone(record)

    async def handle_ahead(self, envelope: Envelope) -> None:
        """Bring an event into effect that its teller brings itself, ahead of what is older on the bus (R27).

        What has no handler for that waits for the bus. Raises whatever goes wrong: then the bus brings it, too.
        """
        kind = REGISTRY.get(envelope.type)
        event = envelope.event() if kind else None
        handler = self._subscriptions.ahead_for(event) if event else None
        if event is None or handler is None:
            return
        async with asyncio.timeout(self._deadline), self._open_uow(cause=Cause.of(envelope)) as uow:
            if await admit(uow.conn, self.consumer_name, event_ids=[envelope.id]):
                with naming([uow.cause]):
                    await handler(event, uow)
                self._observe(envelope.type, "ahead", 1)

    async def _join(self, member: Consumer) -> None:
        pause = 0.2
        while True:
            try:
                await member.start()
                self.progress.bus_away = False
                return
            except BusUnavailable as error:
                self.progress.bus_away = True
                log.warning("consumer.bus_away", consumer=self.consumer_name, error=str(error))
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)

    async def _fetch(self, member: Consumer) -> dict[Partition, list[Record]]:
        """What comes next; nothing once the runner is told to stop, for what is not finished is fetched again."""
        fetching = asyncio.ensure_future(member.fetch(wait=AT_REST, limit=self._batch))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait([fetching, stopping], return_when=asyncio.FIRST_COMPLETED)
            return await fetching if fetching.done() else {}
        finally:
            fetching.cancel()
            stopping.cancel()

    async def _pause(self, seconds: float) -> None:
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _turn(self, member: Consumer) -> int:
        """Fetch and handle once; returns how many records came."""
        try:
            fetched = await self._fetch(member)
            self.progress.bus_away = False
        except BusUnavailable as error:
            self.progress.bus_away = True
            log.warning("consumer.bus_away", consumer=self.consumer_name, error=str(error))
            await asyncio.sleep(1.0)
            return 0
        async with self._busy:
            mine = self.progress.assigned = member.assigned()
            kept = {
                partition: records for partition, records in fetched.items() if partition in mine and records
            }
            for partition, records in fetched.items():
                if (
                    records and partition not in kept
                ):  # a lease that is late may be ours again, with nobody in between
                    member.rewind(partition, records[0].offset)
            if not kept:
                return 0
            await self._handle_patiently([record for records in kept.values() for record in records])
            for partition, records in kept.items():
                member.finished(partition, records[-1].offset + 1)
        return sum(len(records) for records in kept.values())

    async def _handle_patiently(self, records: list[Record]) -> None:
        pause = 0.2
        while True:
            try:
                await self.handle(records)
                self.progress.database_away = False
                self.progress.handled += len(records)
                return
            except Exception as error:
                if not is_unreachable(error):
                    raise
                self.progress.database_away = True
                log.warning("consumer.database_away", consumer=self.consumer_name, error=repr(error)[:300])
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)

    async def _revoked(self, partitions: frozenset[Partition]) -> None:
        """Wait for the transaction under way, so that its records count as finished before others take over."""
        try:
            async with asyncio.timeout(self._deadline), self._busy:
                return
        except TimeoutError:
            log.warning(
                "consumer.revoked_while_busy", consumer=self.consumer_name, partitions=len(partitions)
            )

    def _wanted(self, record: Record) -> bool:
        if record.envelope is None:
            return True
        kind = REGISTRY.get(record.envelope.type)
        if kind is Canary:
            return False
        return kind is None or self._subscriptions.handles(kind)

    async def _handle_in(self, uow: UnitOfWork, records: list[Record]) -> None:
        envelopes = [r.envelope for r in records if r.envelope is not None]
        fresh, blocked = await admit_unless_parked(uow.conn, self.consumer_name, envelopes=envelopes)
        coming: list[Envelope] = []
        for record in records:
            envelope = record.envelope
            if envelope is None or envelope.key in blocked:
                await self._park(
                    uow, record, reason=record.problem or "an earlier event of this key is parked"
                )
            elif envelope.id in fresh:
                fresh.discard(envelope.id)
                coming.append(envelope)
                self._observe(envelope.type, "handled", 1)
            else:
                self._observe(envelope.type, "repeated", 1)
        await HandOver(self._subscriptions, uow).give(coming)

    async def _park(self, uow: UnitOfWork, record: Record, *, reason: str) -> None:
        await park(
            uow.conn,
            record,
            consumer=self.consumer_name,
            reason=reason,
            attempts=0,
            permanent=record.envelope is None,
            now=uow.now,
        )
        uow.wake("parked")
        self._observe(record.envelope.type if record.envelope else "unreadable", "parked", 1)

    async def _handle_alone(self, record: Record) -> None:
        try:
            async with asyncio.timeout(self._deadline), self._open_uow() as uow:
                uow.berths = no_berth  # others of its batch come next, and may say that nothing is to leave
                await self._handle_in(uow, [record])
        except Exception as error:
            if is_unreachable(error):
                raise
            kind = record.envelope.type if record.envelope else "unreadable"
            log.exception("consumer.parked", consumer=self.consumer_name, type=kind)
            async with self._open_uow() as uow:
                permanent = not is_transient(error)
                await park(
                    uow.conn,
                    record,
                    consumer=self.consumer_name,
                    reason=repr(error),
                    attempts=1,
                    permanent=permanent,
                    now=uow.now,
                )
                uow.wake("parked")
            self._observe(kind, "parked", 1)


class HandOver:
    """Gives events to their handlers in order; those that follow each other to one that takes many, at once."""

    def __init__(self, subscriptions: Subscriptions, uow: UnitOfWork) -> None:
        self._subscriptions = subscriptions
        self._uow = uow
        self._many: ManyHandler | None = None
        self._heard: list[Heard] = []

    async def give(self, envelopes: Iterable[Envelope]) -> None:
        """All of these; what the directory tells goes first, which no other topic's order forbids.

        So it cuts no run of others in two, whose second part would take locks in an order of its own.
        """
        for envelope in sorted(envelopes, key=lambda one: one.topic != Topic.DIRECTORY):
            await self._add(envelope)
        await self._finish()

    async def _add(self, envelope: Envelope) -> None:
        event, cause = envelope.event(), Cause.of(envelope)
        many = self._subscriptions.many_for(event)
        if many is not self._many:
            await self._finish()
        if many is not None:
            self._many = many
            self._heard.append(Heard(event, cause))
            return
        handler = self._subscriptions.handler_for(event)
        if handler is not None:
            await self._uow.settle()
            self._uow.cause = cause
            with naming([cause]):
                await handler(event, self._uow)

    async def _finish(self) -> None:
        """Give away what is still held back."""
        many, heard, self._many, self._heard = self._many, self._heard, None, []
        if many is not None:
            await self._uow.settle()
            self._uow.cause = heard[0].cause
            with naming([one.cause for one in heard]):
                await many(heard, self._uow)
