"""What became of the alerts, read from the databases; the only place that knows tables."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from tocsin_runtime.settings import SERVICES

_EVERY = 0.1


@dataclass(frozen=True)
class Counts:
    """Rows so far. `waiting` is accepted and not yet looked at; `untold` are events that no bus has yet."""

    waiting: int
    alerts: int
    joined: int
    pages: int
    untold: int


class Ledger:
    """Reads counts as a superuser; changes nothing."""

    def __init__(self, connection: asyncpg.Connection, *, services: tuple[str, ...] = SERVICES) -> None:
        self._connection = connection
        self._services = services

    async def counts(self) -> Counts:
        """The counts now."""
        row = await self._connection.fetchrow(_counts(self._services))
        return Counts(*row)

    async def all_know(self, *, services: int) -> bool:
        """Whether every service's own copy of the directory has so many services."""
        counts = ", ".join(
            f"(SELECT count(*) FROM {name}.directory_entries WHERE kind = 'service')"
            for name in self._services
        )
        least: int = await self._connection.fetchval(f"SELECT least({counts})")
        return least >= services

    async def drained(self, *, within: float) -> Counts:
        """Wait until nothing is accepted and unprocessed, and no event unpublished. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while True:
                now = await self.counts()
                if not now.waiting and not now.untold:
                    return now
                await asyncio.sleep(_EVERY)

    async def through(self, before: Counts, *, alerts: int, pages: int, within: float) -> Counts:
        """Wait until so many more alerts belong to incidents and so many more pages are made. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while True:
                now = await self.counts()
                done = now.joined - before.joined >= alerts and now.pages - before.pages >= pages
                if done and not now.waiting and not now.untold:
                    return now
                await asyncio.sleep(_EVERY)


@asynccontextmanager
async def open_ledger(url: str, *, services: tuple[str, ...] = SERVICES) -> AsyncIterator[Ledger]:
    """Connect by a superuser's URL."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        yield Ledger(connection, services=services)
    finally:
        await connection.close()


def _counts(services: tuple[str, ...]) -> str:
    untold = " + ".join(
        f"(SELECT count(*) FROM {service}.outbox WHERE published_at IS NULL)" for service in services
    )
    joined = "(SELECT count(*) FROM incidents.incident_alerts)" if "incidents" in services else "0"
    pages = "(SELECT count(*) FROM paging.pages)" if "paging" in services else "0"
    waiting, alerts = "(SELECT count(*) FROM detector.waiting)", "(SELECT count(*) FROM detector.alerts)"
    return f"SELECT {waiting}, {alerts}, {joined}, {pages}, {untold}"
