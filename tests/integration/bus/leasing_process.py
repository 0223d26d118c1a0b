"""A member that keeps its leases, as a process of its own, to be frozen: `python leasing_process.py DATABASE_URL`."""

import asyncio
import sys

from tests.ledger import ledger_of
from tocsin_bus.lease_table import LeaseTable
from tocsin_bus.leases import LeaseKeeper

NAMES = [f"lane-{number}" for number in range(6)]
SCOPE = "lanes"


async def keep(database_url: str) -> None:
    """Renew until killed."""
    await LeaseKeeper(LeaseTable(ledger_of(database_url).apart), scope=SCOPE, names=NAMES).run()


if __name__ == "__main__":
    asyncio.run(keep(sys.argv[1]))
