"""One member of a group on the embedded bus."""

import asyncio
from collections.abc import Callable, Sequence

import structlog
from asyncpg import Record as Row
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_bus.lease_table import LeaseTable
from tocsin_bus.leases import LeaseKeeper
from tocsin_bus.protocol import BusUnavailable, OnRevoked, Partition, Record
from tocsin_bus.tail import Tail
from tocsin_events.base import Topic
from tocsin_events.envelope import MalformedEvent, from_headers
from tocsin_runtime.clock import monotonic
from tocsin_runtime.database import Database
from tocsin_runtime.statement import Statement

log = structlog.get_logger("tocsin.bus.postgres")
STORE_EVERY = 0.1
LATE = 1.0
"""Seconds between looks while a lease is late."""


class PostgresConsumer:
    """Fetches from leased partitions; its positions are stored in the background under the lease's epoch."""

    def __init__(
        self,
        database: Database,
        leases: LeaseTable,
        *,
        group: str,
        partitions: Sequence[Partition],
        compacted: frozenset[Topic],
        tail: Tail,
        on_revoked: OnRevoked,
        on_close: Callable[["PostgresConsumer"], None],
    ) -> None:
        self._database = database
        self._group = group
        self._compacted = compacted
        self._tail = tail
        self._by_name = {f"{p.topic.value}/{p.number}": p for p in partitions}
        self._on_revoked = on_revoked
        self._on_close = on_close
        self._next: dict[Partition, int] = {}
        self._finished: dict[Partition, int] = {}
        self._stored: dict[Partition, int] = {}
        self._known_ends: dict[Partition, int] = {}
        self._looks = True
        self._wanted = asyncio.Event()
        self._unstored = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._keeper = LeaseKeeper(
            leases,
            scope=f"group:{group}",
            names=list(self._by_name),
            on_lost=self._lost,
            on_gained=self._gained,
        )

    async def start(self) -> None:
        try:
            await self._keeper.renew()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise BusUnavailable(repr(error)) from error
        self._tasks = [
            asyncio.create_task(self._keeper.run(), name=f"leases-{self._group}"),
            asyncio.create_task(self._store_often(), name=f"positions-{self._group}"),
        ]

    def told(self, ends: Sequence[tuple[Partition, int]]) -> None:
        """These partitions end there now: whoever is behind fetches, nobody has to ask the database for it."""
        for partition, end in ends:
            if partition in self._next and end > self._known_ends.get(partition, 0):
                self._known_ends[partition] = end
                self._wanted.set()

    def look(self) -> None:
        """Something may have been published that nobody told of."""
        self._looks = True
        self._wanted.set()

    async def fetch(self, *, wait: float, limit: int) -> dict[Partition, list[Record]]:
        deadline = monotonic() + wait
        while True:
            self._wanted.clear()
            try:
                fetched = await self._fetch_now(limit)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                raise BusUnavailable(repr(error)) from error
            left = deadline - monotonic()
            if fetched or left <= 0:
                return fetched
            await self._wait_for_more(left)

    async def _wait_for_more(self, seconds: float) -> None:
        """A lease that is late comes back without a word; what was told meanwhile waits for it then."""
        if self.assigned() != self._next.keys():
            seconds = min(seconds, LATE)
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            return

    def finished(self, partition: Partition, next_offset: int) -> None:
        if partition in self._next:
            self._finished[partition] = max(next_offset, self._finished.get(partition, 0))
            self._unstored.set()

    def rewind(self, partition: Partition, offset: int) -> None:
        if partition in self._next:
            self._next[partition] = offset
            self.look()

    def assigned(self) -> frozenset[Partition]:
        held = self._keeper.held()
        return frozenset(p for name, p in self._by_name.items() if name in held and p in self._next)

    def behind(self) -> bool:
        return any(at < self._known_ends.get(partition, 0) for partition, at in self._next.items())

    async def lag(self) -> dict[Partition, tuple[int, int]]:
        mine = self.assigned()
        async with self._database.read() as conn:
            ends = await self._ends(conn, mine)
        return {p: (self._stored.get(p, 0), end) for p, end in ends.items()}

    async def close(self) -> None:
        self._on_close(self)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self._keeper.close()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("consumer.left_unsaid", group=self._group, error=repr(error)[:200])

    async def _gained(self, names: frozenset[str]) -> None:
        gained = [self._by_name[name] for name in names]
        async with self._database.read() as conn:
            rows = await _READ_POSITIONS.rows(conn, consumer=self._group, **_targets(gained))
        found = {Partition(Topic(topic), number): position for topic, number, position in rows}
        for partition in gained:
            self._next[partition] = self._stored[partition] = found.get(partition, 0)
            self._finished.pop(partition, None)
        self.look()

    async def _lost(self, names: frozenset[str]) -> None:
        lost = frozenset(self._by_name[name] for name in names)
        await self._on_revoked(lost)
        await self._store()
        for partition in lost:
            for kept in (self._next, self._finished, self._stored, self._known_ends):
                kept.pop(partition, None)

    async def _fetch_now(self, limit: int) -> dict[Partition, list[Record]]:
        if self._looks:
            await self._look()
        mine, ends = self.assigned(), dict(self._known_ends)
        behind = {p: self._next[p] for p, end in ends.items() if p in mine and self._next[p] < end}
        if not behind:
            return {}
        each = max(1, limit // len(behind))
        kept = {p: list(self._tail.after(p, start, limit=each)) for p, start in behind.items()}
        fetched = {p: records for p, records in kept.items() if records}
        further = {p: start for p, start in behind.items() if p not in fetched}
        if further:
            fetched |= await self._read(further, each=each)
        self._move_on(behind, ends, fetched)
        return fetched

    async def _read(self, behind: dict[Partition, int], *, each: int) -> dict[Partition, list[Record]]:
        fetched: dict[Partition, list[Record]] = {}
        async with self._database.read() as conn:
            for compacted in (False, True):
                part = sorted(p for p in behind if (p.topic in self._compacted) is compacted)
                if part:
                    statement = _FETCH_COMPACTED if compacted else _FETCH_LOG
                    starts = [behind[p] for p in part]
                    for row in await statement.rows(conn, **_targets(part), starts=starts, each=each):
                        record = _load(row)
                        fetched.setdefault(record.partition, []).append(record)
        return fetched

    def _move_on(
        self,
        behind: dict[Partition, int],
        ends: dict[Partition, int],
        fetched: dict[Partition, list[Record]],
    ) -> None:
        """Go on after what was fetched. What compaction or retention took away counts as read."""
        for partition, start in behind.items():
            if self._next.get(partition) != start:
                fetched.pop(partition, None)
                continue
            records = fetched.get(partition)
            if records:
                self._next[partition] = records[-1].offset + 1
            else:
                if partition.topic not in self._compacted:
                    log.error("consumer.gap", group=self._group, topic=partition.topic, start=start)
                self._next[partition] = ends[partition]
                self.finished(partition, ends[partition])

    async def _look(self) -> None:
        """A look that is cut off, or asked for meanwhile, is taken again."""
        self._looks = False
        try:
            async with self._database.read() as conn:
                ends = await self._ends(conn, frozenset(self._next))
        except BaseException:
            self._looks = True
            raise
        for partition, end in ends.items():  # somebody may have told of a later end meanwhile
            self._known_ends[partition] = max(end, self._known_ends.get(partition, 0))

    async def _ends(self, conn: AsyncConnection, partitions: frozenset[Partition]) -> dict[Partition, int]:
        rows = await _ENDS.rows(conn, **_targets(sorted(partitions)))
        return {Partition(Topic(topic), number): end for topic, number, end in rows}

    async def _store_often(self) -> None:
        while True:
            await self._unstored.wait()
            await asyncio.sleep(STORE_EVERY)
            self._unstored.clear()
            try:
                await self._store()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                self._unstored.set()
                log.warning("consumer.positions_not_stored", group=self._group, error=repr(error)[:200])

    async def _store(self) -> None:
        due = {p: at for p, at in self._finished.items() if at > self._stored.get(p, 0)}
        held = self._keeper.held()
        epochs = {p: held[name] for name, p in self._by_name.items() if name in held}
        due = {p: at for p, at in due.items() if p in epochs}
        if not due:
            return
        partitions = sorted(due)
        async with self._database.apart() as conn:
            await _STORE.run(
                conn,
                consumer=self._group,
                **_targets(partitions),
                positions=[due[p] for p in partitions],
                epochs=[epochs[p] for p in partitions],
            )
        self._stored.update(due)


def _targets(partitions: Sequence[Partition]) -> dict[str, list[object]]:
    return {"topics": [p.topic.value for p in partitions], "numbers": [p.number for p in partitions]}


def _load(row: Row) -> Record:
    topic = Topic(row["topic"])
    partition = Partition(topic, row["number"])
    try:
        envelope = from_headers(row["headers"], topic=topic, data=row["data"])
    except MalformedEvent as error:
        return Record(partition, row["record_offset"], None, row["headers"], row["data"], str(error))
    return Record(partition, row["record_offset"], envelope, row["headers"], row["data"])


_WANT = "unnest(CAST(:topics AS text[]), CAST(:numbers AS integer[])"
_ENDS = Statement(
    f"SELECT p.topic, p.number, p.next FROM partitions AS p JOIN {_WANT}) AS w(topic, number)"
    " ON p.topic = w.topic AND p.number = w.number"
)
_READ_POSITIONS = Statement(
    f"SELECT p.topic, p.number, p.position FROM positions AS p JOIN {_WANT}) AS w(topic, number)"
    " ON p.topic = w.topic AND p.number = w.number WHERE p.consumer = :consumer"
)
_FETCH = (
    f"SELECT r.topic, r.number, r.record_offset, r.headers, r.data FROM {_WANT}, CAST(:starts AS bigint[]))"
    " AS w(topic, number, start) CROSS JOIN LATERAL (SELECT topic, number, record_offset, headers, data FROM {table}"
    " WHERE topic = w.topic AND number = w.number AND record_offset >= w.start"
    " ORDER BY record_offset LIMIT :each) AS r ORDER BY r.topic, r.number, r.record_offset"
)
_FETCH_LOG = Statement(_FETCH.replace("{table}", "log"))
_FETCH_COMPACTED = Statement(_FETCH.replace("{table}", "compacted"))
_STORE = Statement(
    "INSERT INTO positions AS held (consumer, topic, number, position, epoch)"
    f" SELECT :consumer, topic, number, position, epoch FROM {_WANT}, CAST(:positions AS bigint[]),"
    " CAST(:epochs AS bigint[])) AS w(topic, number, position, epoch)"
    " ON CONFLICT (consumer, topic, number) DO UPDATE SET position = excluded.position, epoch = excluded.epoch"
    " WHERE held.epoch <= excluded.epoch AND held.position <= excluded.position"
)
