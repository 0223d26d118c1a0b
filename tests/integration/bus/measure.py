"""How many events a second each part of the road takes: `python -m tests.integration.bus.measure [kafka] [EVENTS]`."""

import asyncio
import sys
import time
from uuid import uuid4

from sqlalchemy import text

from tests.bus_running import consuming, opener, relaying
from tests.ledger import count, envelope, ledger_of, make_ledger_template, numbered, recording
from tocsin_bus.connect import connect
from tocsin_bus.protocol import Bus, Partition
from tocsin_bus.subscriptions import Subscriptions
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope
from tocsin_events.status import ComponentStateChanged
from tocsin_runtime.database import Database
from tocsin_runtime.logging import set_up_logging
from tocsin_runtime.settings import PlatformSettings
from tocsin_testkit.kafka import KafkaRig
from tocsin_testkit.postgres import TestServer
from tocsin_testkit.templates import Templates
from tocsin_testkit.waiting import eventually

KEYS = [uuid4() for _ in range(200)]


def report(what: str, events: int, seconds: float) -> None:
    """One line of the result."""
    print(f"{what:36} {events / seconds:10,.0f} events/s", flush=True)


def some(events: int) -> list[Envelope]:
    """That many events over two hundred keys."""
    return [envelope(KEYS[n % len(KEYS)], n) for n in range(events)]


async def publish_and_fetch(bus: Bus, events: int) -> None:
    """The transport alone: batches of 500 in, everything out."""

    async def let_go(partitions: frozenset[Partition]) -> None:
        """Nothing is under way."""

    sent = some(events)
    began = time.monotonic()
    for at in range(0, events, 500):
        await bus.publish(sent[at : at + 500])
    report("publish", events, time.monotonic() - began)
    consumer = bus.consumer(group="measure", topics=[Topic.STATUS], on_revoked=let_go)
    await consumer.start()
    began, got = time.monotonic(), 0
    while got < events:
        for partition, records in (await consumer.fetch(wait=1, limit=200)).items():
            got += len(records)
            consumer.finished(partition, records[-1].offset + 1)
    report("fetch", events, time.monotonic() - began)
    await consumer.close()


async def handle(bus: Bus, database: Database, events: int) -> None:
    """The consumer runner on what was published: inbox and commit, without and with one row a handler."""
    seen = 0
    trivial = Subscriptions("trivial")

    @trivial.on(ComponentStateChanged)
    async def see(event: ComponentStateChanged, uow: UnitOfWork) -> None:
        nonlocal seen
        seen += 1

    async with consuming(bus, database, trivial):
        began = time.monotonic()
        await eventually(lambda: seen >= events, within=600, every=0.01)
        report("consume, trivial handler", events, time.monotonic() - began)
    async with consuming(bus, database, recording()) as runner:
        began = time.monotonic()
        await eventually(lambda: runner.progress.handled >= events, within=600, every=0.01)
        report("consume, handler writes a row", events, time.monotonic() - began)


async def carry(bus: Bus, database: Database, events: int) -> None:
    """The relay on a full outbox."""
    began = time.monotonic()
    for at in range(0, events, 100):
        async with opener(database)() as uow:
            for n in range(at, at + 100):
                uow.emit(numbered(KEYS[n % len(KEYS)], n))
    report("emit, 100 a transaction", events, time.monotonic() - began)
    async with relaying(bus, database):
        began = time.monotonic()
        await eventually(lambda: _all_published(database), within=600, every=0.02)
        report("relay", events, time.monotonic() - began)


async def measure(settings: PlatformSettings, database: Database, events: int) -> None:
    """All of it on one transport."""
    bus = connect(settings)
    await bus.start()
    await publish_and_fetch(bus, events)
    await handle(bus, database, events)
    await carry(bus, database, events)
    await bus.close()


async def _all_published(database: Database) -> bool:
    return await count(database, "outbox", "published_at IS NULL") == 0


async def _with_ledger(settings: PlatformSettings, url: str, events: int) -> None:
    database = ledger_of(url)
    async with database.read() as conn:
        await conn.execute(text("SELECT 1"))
    await measure(settings, database, events)
    await database.close()


def main(transports: list[str], events: int) -> None:
    """Start what is needed, measure, stop it."""
    set_up_logging(level="error", form="console")
    with TestServer(durable=True) as server:
        url = make_ledger_template(server, Templates(server).of("bus"))
        if "kafka" in transports:
            with KafkaRig() as rig:
                settings = PlatformSettings(kafka_bootstrap_servers=rig.bootstrap)
                asyncio.run(_with_ledger(settings, url, events))
        else:
            asyncio.run(_with_ledger(PlatformSettings(database_url=url), url, events))


if __name__ == "__main__":
    main(sys.argv[1:], next((int(word) for word in sys.argv[1:] if word.isdigit()), 10_000))
