"""What is the embedded bus's own; what it promises like any bus is in `tests/contract`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from tests.ledger import by_key, envelope
from tocsin_bus.postgres import PostgresBus
from tocsin_bus.protocol import Partition
from tocsin_events.base import Topic
from tocsin_runtime.database import Database
from tocsin_testkit.waiting import pause

KEY = UUID("0195d2f0-0000-7000-8000-000000000001")
EVENTS = 50


class _Counting(Database):
    """Counts how often somebody reads, and hears of what it wrote after everybody else has."""

    reads = 0

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        self.reads += 1
        async with super().read() as conn:
            yield conn

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[AsyncConnection]:
        async with super().read() as conn:
            yield conn
            await pause(0.02)


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
