"""A member of the ledger's group as a process of its own, to be killed: `python consuming_process.py SETTINGS URL`."""

import asyncio
import sys

from tests.bus_running import opener
from tests.ledger import ledger_of, recording
from tocsin_bus.connect import connect
from tocsin_bus.consumer import ConsumerRunner
from tocsin_bus.retry import ParkedRunner
from tocsin_runtime.settings import PlatformSettings
from tocsin_runtime.worker import Worker


async def consume(settings: PlatformSettings, ledger_url: str) -> None:
    """Consume until killed."""
    bus = connect(settings)
    await bus.start()
    open_uow = opener(ledger_of(ledger_url))
    subscriptions = recording()
    runner = ConsumerRunner(bus, subscriptions, open_uow)
    parked = Worker("parked", ParkedRunner(subscriptions, open_uow).run_once, every=0.2)
    await asyncio.gather(runner.run(), parked.run())


if __name__ == "__main__":
    asyncio.run(consume(PlatformSettings.model_validate_json(sys.argv[1]), sys.argv[2]))
