"""The real consumer runner and relay on the ledger, as background tasks of a test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.ledger import SCHEMA, recording
from tocsin_bus.consumer import BATCH, ConsumerRunner
from tocsin_bus.protocol import Bus
from tocsin_bus.relay import BypassRoad, Relay
from tocsin_bus.subscriptions import Subscriptions
from tocsin_bus.unit_of_work import OpenUnitOfWork, unit_of_work_opener
from tocsin_runtime.clock import DatabaseClock
from tocsin_runtime.database import Database
from tocsin_runtime.worker import Worker


def opener(database: Database) -> OpenUnitOfWork:
    """Units of work of the ledger, at database time."""
    return unit_of_work_opener(database, service=SCHEMA, clock=DatabaseClock(), on_wake=lambda name: None)


@asynccontextmanager
async def consuming(
    bus: Bus,
    database: Database,
    subscriptions: Subscriptions | None = None,
    *,
    batch: int = BATCH,
    gather: float = 0.0,
) -> AsyncIterator[ConsumerRunner]:
    """A runner that consumes; at the end it stops in good order."""
    runner = ConsumerRunner(bus, subscriptions or recording(), opener(database), batch=batch, gather=gather)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        runner.stop()
        await _ended(task)


@asynccontextmanager
async def relaying(
    bus: Bus, database: Database, *, bypass: BypassRoad | None = None, instance: str = ""
) -> AsyncIterator[Relay]:
    """A relay that carries what the ledger emits; at the end it gives its lanes back."""
    relay = Relay(
        bus,
        database,
        service=SCHEMA,
        bypass=bypass,
        on_landed=lambda: worker.wake(),
        instance=instance,
    )
    worker = Worker("relay", relay.run_once, every=0.2)
    tasks = [asyncio.create_task(relay.keeper.run()), asyncio.create_task(worker.run())]
    try:
        yield relay
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await relay.close()


async def _ended(task: asyncio.Task[None]) -> None:
    _, late = await asyncio.wait({task}, timeout=20)
    for one in late:
        one.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not late, "the runner did not stop"
