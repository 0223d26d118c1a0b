"""A relay as a process of its own, to be killed: `python relaying_process.py DATABASE_URL NAME`."""

import asyncio
import sys

from tests.bus_running import relaying
from tests.ledger import ledger_of
from tocsin_bus.connect import connect
from tocsin_runtime.settings import PlatformSettings


async def relay(database_url: str, instance: str) -> None:
    """Carry events until killed."""
    bus = connect(PlatformSettings(database_url=database_url))
    await bus.start()
    async with relaying(bus, ledger_of(database_url), instance=instance):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(relay(sys.argv[1], sys.argv[2]))
