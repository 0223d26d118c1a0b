"""Day partitions are made ahead and dropped when their time is over, and what is still needed is kept (R10, R15)."""

from datetime import UTC, date, datetime, timedelta
from time import monotonic
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.contract.members import member, take
from tests.ledger import SCHEMA, count, enveloped, numbered
from tocsin_bus.connect import connect
from tocsin_bus.maintenance import (
    AHEAD,
    KEEP,
    SERVICE_TABLES,
    forget_old_rows,
    keep_partitions,
)
from tocsin_bus.protocol import Bus, Consumer, Partition
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_events.base import Topic
from tocsin_events.directory import TeamChanged
from tocsin_runtime.database import Database
from tocsin_runtime.settings import PlatformSettings
from tocsin_testkit.waiting import eventually

TODAY = datetime.now(UTC).date()


async def partitions(database: Database, table: str) -> set[str]:
    async with database.read() as conn:
        rows = await conn.execute(text(_PARTITIONS), {"table": table})
        return {str(name) for name in rows.scalars()}


def name_of(table: str, day: date) -> str:
    return f"{table}_{day:%Y%m%d}"


async def keep(database: Database) -> None:
    async with database.begin() as conn:
        await keep_partitions(conn, SERVICE_TABLES)


async def add_old_day(database: Database, table: str, *, age: int) -> str:
    day = TODAY - timedelta(days=age)
    name = name_of(table, day)
    async with database.begin() as conn:
        bounds = f"FROM ('{day}') TO ('{day + timedelta(days=1)}')"
        await conn.execute(text(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES {bounds}"))
    return name


async def test_the_days_ahead_are_there_and_making_them_again_changes_nothing(database: Database) -> None:
    await keep(database)
    before = await partitions(database, "outbox")
    assert {name_of("outbox", TODAY + timedelta(days=d)) for d in range(AHEAD + 1)} <= before
    await keep(database)
    assert await partitions(database, "outbox") == before


async def test_todays_rows_are_written_to_todays_partition(
    database: Database, open_now: OpenUnitOfWork
) -> None:
    async with open_now() as uow:
        uow.emit(numbered(uuid4(), 1))
    assert await count(database, name_of("outbox", datetime.now(UTC).date())) == 1
    assert await count(database, "outbox_default") == 0


async def test_old_days_are_dropped(database: Database) -> None:
    kept = await add_old_day(database, "inbox", age=KEEP["inbox"])
    dropped = await add_old_day(database, "inbox", age=KEEP["inbox"] + 1)
    await keep(database)
    found = await partitions(database, "inbox")
    assert kept in found
    assert dropped not in found


async def test_an_old_day_with_unpublished_events_is_kept_until_they_are_out(
    database: Database, open_now: OpenUnitOfWork
) -> None:
    old = await add_old_day(database, "outbox", age=30)
    async with open_now() as uow:
        uow.emit(numbered(uuid4(), 1))
    async with database.begin() as conn:
        await conn.execute(text("UPDATE outbox SET day = CURRENT_DATE - 30"))
    await keep(database)
    assert old in await partitions(database, "outbox")
    async with database.begin() as conn:
        await conn.execute(text("UPDATE outbox SET published_at = now()"))
    await keep(database)
    assert old not in await partitions(database, "outbox")


async def test_rows_that_came_before_their_day_had_a_partition_stay_and_are_forgotten_in_time(
    database: Database,
) -> None:
    async with database.begin() as conn:
        await conn.execute(text(f"DROP TABLE {name_of('inbox', TODAY)}"))
        for age in (0, 30):
            row = {"day": TODAY - timedelta(days=age), "consumer": SCHEMA, "id": uuid4()}
            await conn.execute(text("INSERT INTO inbox VALUES (:day, :consumer, :id)"), row)
    await keep(database)
    async with database.read() as conn:
        days = set((await conn.execute(text("SELECT day FROM inbox"))).scalars())
    assert days == {TODAY}


async def test_a_busy_table_is_left_alone_so_that_nobody_waits_behind(database: Database) -> None:
    await keep(database)
    last = name_of("outbox", TODAY + timedelta(days=AHEAD))
    async with database.begin() as conn:
        await conn.execute(text(f"DROP TABLE {last}"))
    async with database.begin() as busy:
        await busy.execute(text("LOCK TABLE outbox IN ROW EXCLUSIVE MODE"))
        began = monotonic()
        with pytest.raises(DBAPIError, match="lock timeout"):
            await keep(database)
        assert monotonic() - began < 1
    await keep(database)
    assert last in await partitions(database, "outbox")


async def test_finished_work_is_forgotten_after_its_time(database: Database) -> None:
    async with database.begin() as conn:
        for table, values in _OLD_ROWS.items():
            await conn.execute(
                text(f"INSERT INTO {table} {values}"), {"id": str(uuid4()), "other": str(uuid4())}
            )
        await forget_old_rows(conn)
    assert await count(database, "idempotency") == 0
    assert await count(database, "sendings") == 1, "what is not finished is never forgotten"


async def test_a_compacted_topic_keeps_the_newest_of_each_key(bus: Bus, database_url: str) -> None:
    team, other = uuid4(), uuid4()
    told = [TeamChanged(id=team, version=v, name="Core", slug="core") for v in (1, 2, 3)]
    told.append(TeamChanged(id=other, version=1, name="Edge", slug="edge"))
    await bus.publish([enveloped(event) for event in told])
    owner = Database(database_url, schema="bus", role="tocsin_bus")
    await bus.upkeep()
    assert await count(owner, "compacted") == 4, "a day must pass"
    async with owner.begin() as conn:
        await conn.execute(text("UPDATE compacted SET written_at = now() - interval '25 hours'"))
    await bus.upkeep()
    assert await count(owner, "compacted") == 2
    await owner.close()
    assert await read_directory(bus) == {team: 3, other: 1}


async def test_a_reader_comes_to_the_end_of_a_compacted_partition(bus: Bus, database_url: str) -> None:
    teams = [uuid4() for _ in range(8)]
    await bus.publish([enveloped(TeamChanged(id=t, version=1, name="T", slug="t")) for t in teams])
    owner = Database(database_url, schema="bus", role="tocsin_bus")
    async with owner.begin() as conn:
        await conn.execute(text("DELETE FROM compacted"))
    await owner.close()
    ends = await bus.end_offsets(Topic.DIRECTORY)
    elsewhere = connect(PlatformSettings(database_url=database_url))
    async with member(elsewhere, topics=[Topic.DIRECTORY]) as reader:
        assert not await reader.fetch(wait=0, limit=100)
        lag = await eventually(lambda: _caught_up(reader, ends), within=5)
    await elsewhere.close()
    assert lag


async def read_directory(bus: Bus) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    async with member(bus, topics=[Topic.DIRECTORY]) as reader:
        while len(found) < 2:
            for record in await take(reader, 1):
                assert record.envelope is not None
                event = record.envelope.event()
                assert isinstance(event, TeamChanged)
                found[event.id] = event.version
    return found


async def _caught_up(reader: Consumer, ends: dict[Partition, int]) -> bool:
    return {p: position for p, (position, _) in (await reader.lag()).items()} == ends


_PARTITIONS = (
    "SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = CAST(:table AS regclass)"
)
_OLD_ROWS = {
    "idempotency": "VALUES (:other, 'r', 'k', '', 202, '{}', '', now() - interval '25 hours')",
    "sendings": (
        "SELECT x.id, 'sms', x.id, NULL, '{}', x.id, x.state, 1, 1, false, now(), NULL, NULL, NULL, x.id, now(),"
        " x.finished_at FROM (VALUES (CAST(CAST(:id AS text) AS uuid), 'sent', now() - interval '31 days'),"
        " (CAST(CAST(:other AS text) AS uuid), 'pending', NULL)) AS x(id, state, finished_at)"
    ),
}
