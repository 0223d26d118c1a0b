"""The only place that reads a clock. Below an entry point, time is a value."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_runtime.statement import Statement


class Clock(Protocol):
    """Tells a unit of work what time it is."""

    async def now(self, connection: AsyncConnection) -> datetime:
        """Aware UTC; the same for all replicas of a service."""
        ...

    def known(self) -> datetime | None:
        """The time, if it need not be asked for; None when it is the database's."""
        ...


class DatabaseClock:
    """Database time, the one clock that all replicas share (R23, R35)."""

    async def now(self, connection: AsyncConnection) -> datetime:
        moment: datetime = await _NOW.value(connection)
        return moment.astimezone(UTC)

    def known(self) -> datetime | None:
        return None


class ManualClock:
    """A clock that moves only when told to, so that a test can play a night in a second."""

    def __init__(self, start: datetime) -> None:
        self.moment = start

    async def now(self, connection: AsyncConnection) -> datetime:
        return self.moment

    def known(self) -> datetime | None:
        return self.moment

    def forward(self, by: timedelta) -> datetime:
        """Move on and tell the new time."""
        self.moment += by
        return self.moment


def process_now() -> datetime:
    """This machine's clock. For what is only recorded, never for what is due."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds for time-outs; means nothing outside this process."""
    return time.monotonic()


_NOW = Statement("SELECT now()")
