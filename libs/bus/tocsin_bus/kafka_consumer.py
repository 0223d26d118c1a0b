"""One member of a group on Kafka."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import TopicPartition

from tocsin_bus.kafka_cluster import KafkaCluster
from tocsin_bus.kafka_records import record_of
from tocsin_bus.kafka_settings import COMPACTED, MUCH, KafkaSettings
from tocsin_bus.protocol import BusUnavailable, OnRevoked, Partition, Record
from tocsin_events.base import Topic
from tocsin_runtime.clock import monotonic

log = structlog.get_logger("tocsin.bus.kafka")
STORE_EVERY = 0.1
JOIN_WITHIN = 30.0
REBALANCE_WITHIN = 45.0
LAST_STORE_WITHIN = 3.0
LEAVE_WITHIN = 5.0
GRACE = 0.5
"""Seconds that `fetch` waits beyond its time before it leaves the poll to the next call."""
Fetched = dict[TopicPartition, list[object]]


@dataclass
class Tracker:
    """What is done of one partition, from the moment its first record came under this assignment."""

    stored: int
    finished: int


class KafkaConsumer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Wraps aiokafka's consumer; when that one dies, another takes its place at the next fetch."""

    def __init__(
        self,
        settings: KafkaSettings,
        cluster: KafkaCluster,
        *,
        group: str,
        topics: Iterable[Topic],
        on_revoked: OnRevoked,
        gather: float = 0.0,
    ) -> None:
        self._settings = settings
        self._cluster = cluster
        self._group = group
        self._topics = sorted(topics)
        self._on_revoked = on_revoked
        self._gather = gather
        self._member: AIOKafkaConsumer | None = None
        self._mine: frozenset[Partition] = frozenset()
        self._first: list[TopicPartition] = []
        self._hurries = False
        self._revocations = 0
        self._settled = asyncio.Event()
        self._unstored = asyncio.Event()
        self._trackers: dict[Partition, Tracker] = {}
        self._rewound: dict[Partition, int] = {}
        self._behind = False
        self._poll: asyncio.Task[tuple[int, Fetched]] | None = None
        self._polling_since = 0.0
        self._storing: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        await self._cluster.ensure_topics()
        self._member = AIOKafkaConsumer(**self._settings.consumer(self._group, gather=self._gather > 0))
        self._hurries = self._gather > 0
        self._member.subscribe([self._settings.name_of(t) for t in self._topics], listener=self)
        try:
            async with asyncio.timeout(JOIN_WITHIN):
                await self._member.start()
        except BaseException as error:
            await self._leave()
            if isinstance(error, KafkaError | OSError | TimeoutError):
                raise BusUnavailable(repr(error)) from error
            raise

    async def fetch(self, *, wait: float, limit: int) -> dict[Partition, list[Record]]:
        if self._member is None:
            await self.start()
        poll = self._poll or self._begin_poll(wait, limit)
        # A poll outlasts its time while a rebalance is under way; it is left to the next call then.
        await asyncio.wait({poll}, timeout=wait + GRACE)
        if not poll.done() or not await self._is_settled():
            if monotonic() - self._polling_since > REBALANCE_WITHIN:
                raise await self._died("the rebalance has no end")
            return {}
        self._poll = None
        try:
            revocations, fetched = poll.result()
        except Exception as error:
            raise await self._died(repr(error)) from error
        # What came before a revocation comes again, to whoever has the partition now.
        return self._taken(fetched) if revocations == self._revocations else {}

    def finished(self, partition: Partition, next_offset: int) -> None:
        tracker = self._trackers.get(partition)
        if tracker is not None:
            tracker.finished = max(tracker.finished, next_offset)
            self._unstored.set()

    def rewind(self, partition: Partition, offset: int) -> None:
        if partition in self._mine:
            self._rewound[partition] = offset

    def assigned(self) -> frozenset[Partition]:
        return self._mine

    def behind(self) -> bool:
        return self._behind

    async def lag(self) -> dict[Partition, tuple[int, int]]:
        mine, ends = self._mine, dict[Partition, int]()
        for topic in sorted({partition.topic for partition in mine}):
            ends |= await self._cluster.end_offsets(topic)
        owned = sorted(mine & ends.keys())
        stored = await asyncio.gather(*(self._stored(partition) for partition in owned))
        return {p: (position, ends[p]) for p, position in zip(owned, stored, strict=True)}

    async def close(self) -> None:
        member = self._member
        if member is not None:
            await self._store_last(member)
        await self._leave()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Called by aiokafka as a rebalance begins; it fetches nothing more until the rebalance is over."""
        self._revocations += 1
        self._settled.clear()
        if revoked:
            await self._on_revoked(frozenset(self._partition(place) for place in revoked))
        if self._member is not None:
            await self._store_last(self._member)
        self._forget()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Called by aiokafka when a rebalance is over."""
        self._forget()
        self._mine = frozenset(self._partition(place) for place in assigned)
        # A process is ready once it knows people and tokens; a backlog of other topics must not stand before them.
        self._first = [place for place in assigned if self._partition(place).topic in COMPACTED]
        self._settled.set()
        self._storing = asyncio.create_task(self._store_often(), name=f"positions-{self._group}")

    def _begin_poll(self, wait: float, limit: int) -> asyncio.Task[tuple[int, Fetched]]:
        member = self._member
        assert member is not None
        for partition, offset in self._rewound.items():
            member.seek(self._place(partition), offset)
        self._rewound = {}

        async def poll() -> tuple[int, Fetched]:
            fetched: Fetched = {}
            if self._first:
                fetched = await member.getmany(*self._first, timeout_ms=0, max_records=limit)
            if not fetched and self._hurries and await self._knows_the_first(member):
                self._hurries = False
                member._fetcher._fetch_min_bytes = MUCH  # no setting: it holds from the next request on
            if not fetched:
                fetched = await member.getmany(timeout_ms=int(wait * 1000), max_records=limit)
            return self._revocations, fetched

        self._polling_since = monotonic()
        self._poll = asyncio.create_task(poll(), name=f"poll-{self._group}")
        return self._poll

    async def _knows_the_first(self, member: AIOKafkaConsumer) -> bool:
        """Whether all that is there of the first topics is read; nobody is ready who still waits for an answer."""
        for place in self._first:
            end = member.highwater(place)
            if end is None or await member.position(place) < end:
                return False
        return True

    async def _is_settled(self) -> bool:
        """aiokafka fetches under a new assignment a moment before it tells of it."""
        if not self._settled.is_set():
            try:
                async with asyncio.timeout(GRACE):
                    await self._settled.wait()
            except TimeoutError:
                return False
        return True

    async def _died(self, reason: str) -> BusUnavailable:
        log.warning("kafka.consumer_died", group=self._group, reason=reason[:300])
        await self._leave()
        return BusUnavailable(reason)

    def _taken(self, fetched: Fetched) -> dict[Partition, list[Record]]:
        taken: dict[Partition, list[Record]] = {}
        self._behind = False
        for place, messages in fetched.items():
            partition = self._partition(place)
            if partition in self._mine and partition not in self._rewound:
                records = [record_of(partition, message) for message in messages]
                self._trackers.setdefault(partition, Tracker(records[0].offset, records[0].offset))
                taken[partition] = records
                end = self._member.highwater(place) if self._member else None
                self._behind = self._behind or (end is not None and end > records[-1].offset + 1)
        return taken

    async def _stored(self, partition: Partition) -> int:
        tracker = self._trackers.get(partition)
        if tracker is not None:
            return tracker.stored
        if self._member is None or partition not in self._mine:
            return 0
        try:
            async with asyncio.timeout(1):
                position: int = await self._member.position(self._place(partition))
        except (KafkaError, TimeoutError):
            return 0
        return position

    async def _store_often(self) -> None:
        while self._member is not None:
            await self._unstored.wait()
            await asyncio.sleep(STORE_EVERY)
            self._unstored.clear()
            try:
                await self._store(self._member)
            except Exception as error:  # noqa: BLE001 - tried again at the next turn
                self._unstored.set()
                log.warning("consumer.positions_not_stored", group=self._group, error=repr(error)[:200])

    async def _store(self, member: AIOKafkaConsumer | None) -> None:
        due = {
            p: (t, t.finished) for p, t in self._trackers.items() if t.finished > t.stored and p in self._mine
        }
        if member is None or not due:
            return
        try:
            await member.commit({self._place(p): at for p, (_, at) in due.items()})
        except (CommitFailedError, IllegalStateError) as error:
            # Others have the partitions now and do this part again; the inbox knows it already.
            log.info("consumer.commit_refused", group=self._group, error=repr(error)[:200])
            return
        for tracker, at in due.values():
            tracker.stored = max(tracker.stored, at)

    async def _store_last(self, member: AIOKafkaConsumer) -> None:
        """One more commit, with none other under way that could set a position back."""
        await self._stop_storing()
        try:
            async with asyncio.timeout(LAST_STORE_WITHIN):
                await self._store(member)
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("consumer.positions_not_stored", group=self._group, error=repr(error)[:200])

    async def _stop_storing(self) -> None:
        storing, self._storing = self._storing, None
        if storing is not None:
            storing.cancel()
            await asyncio.gather(storing, return_exceptions=True)

    def _forget(self) -> None:
        self._mine, self._first = frozenset(), []
        self._trackers, self._rewound = {}, {}

    async def _leave(self) -> None:
        """Leave the group, without waiting for a broker that does not answer."""
        member, self._member = self._member, None
        poll, self._poll = self._poll, None
        self._settled.clear()
        self._forget()
        await self._stop_storing()
        if poll is not None:
            poll.cancel()
            await asyncio.gather(poll, return_exceptions=True)
        if member is None:
            return
        leaving = asyncio.create_task(_stop(member), name=f"leave-{self._group}")
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
        await asyncio.wait({leaving}, timeout=LEAVE_WITHIN)

    def _partition(self, place: TopicPartition) -> Partition:
        return Partition(self._settings.topic_of(place.topic), place.partition)

    def _place(self, partition: Partition) -> TopicPartition:
        return TopicPartition(self._settings.name_of(partition.topic), partition.number)


async def _stop(member: AIOKafkaConsumer) -> None:
    # aiokafka leaves it to the broker's patience to notice that a member with a name has gone: who closes goes at once.
    if member._coordinator is not None:
        member._coordinator._group_instance_id = None
    try:
        await member.stop()
    except (KafkaError, OSError) as error:
        log.info("consumer.left_unsaid", error=repr(error)[:200])
