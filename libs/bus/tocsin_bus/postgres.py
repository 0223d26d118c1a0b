"""The embedded bus: an append-only log in PostgreSQL, with the same promises as Kafka (R7).

Offsets come from a row per partition whose lock lasts to the commit, so they become visible in order. Members of a
group hold leases on partitions; positions are written under the lease's epoch, so a member that was late is refused.
"""

import asyncio
import zlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import orjson
import structlog
from sqlalchemy.exc import SQLAlchemyError

from tocsin_bus.lease_table import LeaseTable
from tocsin_bus.listener import Listener
from tocsin_bus.maintenance import BUS_TABLES, compact, keep_partitions
from tocsin_bus.postgres_consumer import PostgresConsumer
from tocsin_bus.protocol import BusUnavailable, Consumer, OnRevoked, Partition
from tocsin_bus.spread import a_key_each
from tocsin_bus.tail import Tail
from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope
from tocsin_runtime.clock import until_beat
from tocsin_runtime.database import Database
from tocsin_runtime.statement import Statement

log = structlog.get_logger("tocsin.bus.postgres")
PARTITIONS = 4
CHANNEL = "tocsin_bus"
POLL = 1.0
COMPACTED = frozenset({Topic.DIRECTORY})


class PostgresBus:
    """Publish and consume through the schema `bus`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._leases = LeaseTable(database.apart)
        self._consumers: set[PostgresConsumer] = set()
        self._tail = Tail()
        self._listener = Listener(database, {CHANNEL: self._came})
        self._polling: asyncio.Task[None] | None = None
        self._publishing: Counter[Partition] = Counter()
        self._held_back: dict[Partition, int] = {}

    @property
    def shares_fate_with_outbox(self) -> bool:
        return True

    async def start(self) -> None:
        self._listener.start()
        self._polling = asyncio.create_task(self._poll(), name="bus-poll")

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        grouped: dict[Partition, list[Envelope]] = defaultdict(list)
        for envelope in envelopes:
            grouped[Partition(envelope.topic, place_of(envelope.key))].append(envelope)
        with self._telling(list(grouped)):
            try:
                ends = await self._append(grouped)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                raise BusUnavailable(repr(error)) from error
            for partition, end in ends:
                self._tail.extend(partition, end - len(grouped[partition]), grouped[partition])
            self._tell(ends)

    def consumer(
        self, *, group: str, topics: Iterable[Topic], on_revoked: OnRevoked, gather: float = 0.0
    ) -> Consumer:
        partitions = [Partition(t, n) for t in sorted(topics) for n in range(PARTITIONS)]
        made = PostgresConsumer(
            self._database,
            self._leases,
            group=group,
            partitions=partitions,
            compacted=COMPACTED,
            tail=self._tail,
            on_revoked=on_revoked,
            on_close=self._consumers.discard,
        )
        self._consumers.add(made)
        return made

    async def end_offsets(self, topic: Topic) -> dict[Partition, int]:
        return await self._numbers(_ENDS, topic=topic, group="")

    async def positions(self, group: str, topic: Topic) -> dict[Partition, int]:
        return await self._numbers(_POSITIONS, topic=topic, group=group)

    def a_key_each(self, topic: Topic) -> Sequence[UUID]:
        return _KEYS

    async def ready(self) -> bool:
        try:
            async with asyncio.timeout(1), self._database.read() as conn:
                await _ANY.rows(conn)
        except (SQLAlchemyError, OSError, TimeoutError):
            return False
        return True

    async def upkeep(self) -> None:
        async with self._database.begin() as conn:
            await keep_partitions(conn, BUS_TABLES)
        async with self._database.begin() as conn:
            await compact(conn)

    async def close(self) -> None:
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)
        await self._listener.stop()
        await self._database.close()

    async def _poll(self) -> None:
        """The net under lost notifications: one look for all consumers of this process."""
        while True:
            await asyncio.sleep(until_beat(POLL))
            if not self._consumers:
                continue
            try:
                async with self._database.read() as conn:
                    rows = await _ALL_ENDS.rows(conn)
                self._tell([(Partition(Topic(topic), number), end) for topic, number, end in rows])
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("bus.poll_failed", error=repr(error)[:200])

    @contextmanager
    def _telling(self, partitions: Collection[Partition]) -> Iterator[None]:
        """Whoever publishes tells of it, once it is in the tail; its notification, which is often faster, has to wait.

        So has that of another who was next to publish there.
        """
        self._publishing.update(partitions)
        try:
            yield
        except BaseException:
            self._look()  # it may be published, although no answer came
            raise
        finally:
            self._publishing.subtract(partitions)
            free = [partition for partition in partitions if self._publishing[partition] == 0]
            self._tell([(p, self._held_back.pop(p)) for p in free if p in self._held_back])

    def _came(self, payload: str) -> None:
        """A notification says where partitions end now; the empty one, after a reconnect, that some were missed."""
        if not payload:
            self._look()
            return
        ends = [(Partition(Topic(topic), number), end) for topic, number, end in orjson.loads(payload)]
        self._tell([(partition, end) for partition, end in ends if self._publishing[partition] == 0])
        for partition, end in ends:
            if self._publishing[partition]:
                self._held_back[partition] = max(end, self._held_back.get(partition, 0))

    def _look(self) -> None:
        for consumer in self._consumers:
            consumer.look()

    def _tell(self, ends: Sequence[tuple[Partition, int]]) -> None:
        for consumer in self._consumers:
            consumer.told(ends)

    async def _append(self, grouped: dict[Partition, list[Envelope]]) -> list[tuple[Partition, int]]:
        """Write all at the ends of their partitions, whose locks are taken in order; returns the new ends."""
        if len(grouped) == 1:
            return [await self._append_to_one(*next(iter(grouped.items())))]
        partitions = sorted(grouped)
        targets = {"topics": [p.topic.value for p in partitions], "numbers": [p.number for p in partitions]}
        async with self._database.begin() as conn:
            rows = await _LOCK.rows(conn, **targets)
            nexts = {Partition(Topic(topic), number): at for topic, number, at in rows}
            missing = [p for p in partitions if p not in nexts]
            if missing:
                raise BusUnavailable(f"no such partitions: {missing}; run `tocsin migrate`")
            for compacted in (False, True):
                part = {p: e for p, e in grouped.items() if (p.topic in COMPACTED) is compacted}
                if part:
                    await (_WRITE_COMPACTED if compacted else _WRITE_LOG).run(conn, **_columns(part, nexts))
            counts = [len(grouped[p]) for p in partitions]
            ends = [(p, nexts[p] + count) for p, count in zip(partitions, counts, strict=True)]
            message = orjson.dumps([(p.topic.value, p.number, end) for p, end in ends]).decode()
            await _ADVANCE.run(conn, **targets, counts=counts, channel=CHANNEL, message=message)
        return ends

    async def _append_to_one(self, partition: Partition, envelopes: list[Envelope]) -> tuple[Partition, int]:
        """The same by one statement and one round trip, which is what it takes while little happens."""
        statement = _APPEND_COMPACTED if partition.topic in COMPACTED else _APPEND_LOG
        async with self._database.apart() as conn:
            end = await statement.value(
                conn,
                topic=partition.topic.value,
                number=partition.number,
                count=len(envelopes),
                keys=[e.key for e in envelopes],
                headers=[orjson.dumps(e.headers()).decode() for e in envelopes],
                datas=[e.data for e in envelopes],
                channel=CHANNEL,
            )
        if end is None:
            raise BusUnavailable(f"no such partition: {partition}; run `tocsin migrate`")
        return partition, end

    async def _numbers(self, statement: Statement, *, topic: Topic, group: str) -> dict[Partition, int]:
        try:
            async with self._database.read() as conn:
                rows = await statement.rows(conn, topic=topic.value, group=group)
                return {Partition(topic, number): at for number, at in rows}
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise BusUnavailable(repr(error)) from error


def place_of(key: UUID) -> int:
    """The partition to which the events of a key go, always."""
    return zlib.crc32(key.bytes) % PARTITIONS


_KEYS = a_key_each(PARTITIONS, place_of)


def _columns(
    grouped: dict[Partition, list[Envelope]], nexts: dict[Partition, int]
) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {
        name: [] for name in ("topics", "numbers", "offsets", "keys", "headers", "datas")
    }
    for partition, envelopes in grouped.items():
        for offset, envelope in enumerate(envelopes, start=nexts[partition]):
            columns["topics"].append(partition.topic.value)
            columns["numbers"].append(partition.number)
            columns["offsets"].append(offset)
            columns["keys"].append(envelope.key)
            columns["headers"].append(orjson.dumps(envelope.headers()).decode())
            columns["datas"].append(envelope.data)
    return columns


_LOCK = Statement(
    "SELECT p.topic, p.number, p.next FROM partitions AS p"
    " JOIN unnest(CAST(:topics AS text[]), CAST(:numbers AS integer[])) AS w(topic, number)"
    " ON p.topic = w.topic AND p.number = w.number ORDER BY p.topic, p.number FOR UPDATE OF p"
)
_ROWS = (
    " FROM unnest(CAST(:topics AS text[]), CAST(:numbers AS integer[]), CAST(:offsets AS bigint[]),"
    " CAST(:keys AS uuid[]), CAST(:headers AS text[]), CAST(:datas AS bytea[]))"
    " AS r(topic, number, record_offset, key, headers, data)"
)
_WRITE_LOG = Statement(
    "INSERT INTO log (topic, number, record_offset, headers, data)"
    " SELECT topic, number, record_offset, CAST(headers AS jsonb), data" + _ROWS
)
_WRITE_COMPACTED = Statement(
    "INSERT INTO compacted (topic, number, record_offset, key, headers, data)"
    " SELECT topic, number, record_offset, key, CAST(headers AS jsonb), data" + _ROWS
)
_ADVANCE = Statement(
    "WITH moved AS (UPDATE partitions AS p SET next = p.next + w.n"
    " FROM unnest(CAST(:topics AS text[]), CAST(:numbers AS integer[]), CAST(:counts AS integer[]))"
    " AS w(topic, number, n)"
    " WHERE p.topic = w.topic AND p.number = w.number) SELECT pg_notify(:channel, :message)"
)
_MOVE = (
    "WITH moved AS (UPDATE partitions SET next = next + CAST(:count AS integer)"
    " WHERE topic = CAST(:topic AS text) AND number = CAST(:number AS integer) RETURNING topic, number, next),"
    " written AS (INSERT INTO {table} ({columns})"
    " SELECT topic, number, next - CAST(:count AS integer) + nr - 1, {key}CAST(headers AS jsonb), data"
    " FROM moved, unnest(CAST(:keys AS uuid[]), CAST(:headers AS text[]), CAST(:datas AS bytea[]))"
    " WITH ORDINALITY AS r(key, headers, data, nr))"
    " SELECT next FROM moved CROSS JOIN LATERAL"
    " pg_notify(:channel, CAST(json_build_array(json_build_array(topic, number, next)) AS text))"
)
_APPEND_LOG = Statement(
    _MOVE.format(table="log", columns="topic, number, record_offset, headers, data", key="")
)
_APPEND_COMPACTED = Statement(
    _MOVE.format(table="compacted", columns="topic, number, record_offset, key, headers, data", key="key, ")
)
_ANY = Statement("SELECT 1 FROM partitions LIMIT 1")
_ALL_ENDS = Statement("SELECT topic, number, next FROM partitions")
_ENDS = Statement("SELECT number, next FROM partitions WHERE topic = :topic AND CAST(:group AS text) = ''")
_POSITIONS = Statement("SELECT number, position FROM positions WHERE topic = :topic AND consumer = :group")
