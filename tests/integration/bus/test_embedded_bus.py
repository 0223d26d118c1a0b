"""What is the embedded bus's own; what it promises like any bus is in `tests/contract`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.ledger import by_key, envelope
from tocsin_bus.lease_table import TTL
from tocsin_bus.postgres import PostgresBus
from tocsin_bus.postgres_consumer import LATE
from tocsin_bus.protocol import Partition
from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope
from tocsin_runtime.database import Database
from tocsin_testkit.waiting import eventually, pause

KEY = UUID("0195d2f0-0000-7000-8000-000000000001")
EVENTS = 50


class _Counting(Database):
    """Counts how often somebody reads, and hears of what it wrote after everybody else has."""

    reads = 0
    late_by = 0.02

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        self.reads += 1
        async with super().read() as conn:
            yield conn

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[AsyncConnection]:
        async with super().read() as conn:
            yield conn
            await pause(self.late_by)


async def _nothing_to_finish(_partitions: frozenset[Partition]) -> None:
    """Nothing is under way when a partition goes."""


async def test_what_a_process_publishes_itself_it_need_not_read_again(database_url: str) -> None:
    database = _Counting(database_url, schema="bus", role="tocsin_bus")
    bus = PostgresBus(database)
    await bus.start()
    consumer = bus.consumer(group="near", topics=[Topic.STATUS], on_revoked=_nothing_to_finish)
    await consumer.start()
    try:
        await consumer.fetch(wait=0, limit=10)
        before, came = database.reads, []
        for number in range(EVENTS):
            fetching = asyncio.create_task(consumer.fetch(wait=5, limit=10))
            await bus.publish([envelope(KEY, number)])
            for records in (await fetching).values():
                came += [record.envelope for record in records if record.envelope]
        assert by_key(came) == {KEY: list(range(EVENTS))}
        assert database.reads - before < EVENTS / 5  # the net looks once a second
    finally:
        await consumer.close()
        await bus.close()


async def test_what_is_told_while_a_lease_is_late_comes_when_it_is_back(database_url: str) -> None:
    database = Database(database_url, schema="bus", role="tocsin_bus")
    bus = PostgresBus(database)
    await bus.start()
    consumer = bus.consumer(group="near", topics=[Topic.STATUS], on_revoked=_nothing_to_finish)
    await consumer.start()
    try:
        await consumer.fetch(wait=0, limit=10)
        held = consumer.assigned()
        async with database.begin() as conn:  # whoever renews waits
            await conn.execute(text("LOCK TABLE lease_members IN ACCESS EXCLUSIVE MODE"))
            await eventually(lambda: not consumer.assigned(), within=TTL)
            fetching = asyncio.create_task(consumer.fetch(wait=30, limit=10))
            await bus.publish([envelope(KEY, 0)])
        await eventually(lambda: consumer.assigned() == held, within=TTL)

        fetched = await asyncio.wait_for(fetching, 2 * LATE)
        assert [len(records) for records in fetched.values()] == [1]
    finally:
        await consumer.close()
        await bus.close()


async def test_another_process_that_publishes_next_to_the_same_place_is_heard(database_url: str) -> None:
    """Its notification may come before the answer to one's own publishing."""
    slow = _Counting(database_url, schema="bus", role="tocsin_bus")
    mine, other = PostgresBus(slow), PostgresBus(Database(database_url, schema="bus", role="tocsin_bus"))
    mine._polling = asyncio.create_task(pause(60))  # without the net
    mine._listener.start()
    consumer = mine.consumer(group="near", topics=[Topic.STATUS], on_revoked=_nothing_to_finish)
    await consumer.start()
    try:
        await consumer.fetch(wait=0, limit=10)
        slow.late_by = 0.2
        publishing = asyncio.create_task(mine.publish([envelope(KEY, 0)]))
        await pause(0.1)
        await other.publish([envelope(KEY, 1)])
        await publishing
        came: list[Envelope] = []

        async def fetch() -> bool:
            for records in (await consumer.fetch(wait=0, limit=10)).values():
                came.extend(record.envelope for record in records if record.envelope)
            return len(came) == 2

        await eventually(fetch, within=5)
        assert by_key(came) == {KEY: [0, 1]}
    finally:
        await consumer.close()
        await mine.close()
        await other.close()
