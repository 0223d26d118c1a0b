"""A look at the database that changes nothing: without a transaction, and without waking anybody after it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_runtime.clock import Clock
from tocsin_runtime.database import Database


class Reading(Protocol):
    """A connection and the time of the look, aware UTC. A unit of work is one, too."""

    @property
    def conn(self) -> AsyncConnection: ...

    @property
    def now(self) -> datetime: ...


OpenReading = Callable[[], AbstractAsyncContextManager[Reading]]


@dataclass(frozen=True, slots=True)
class _Look:
    conn: AsyncConnection
    now: datetime


def reading_opener(database: Database, clock: Clock) -> OpenReading:
    """How a service reads by the clock. Each statement sees what is committed when it begins."""

    @asynccontextmanager
    async def open_reading() -> AsyncIterator[Reading]:
        async with database.read() as conn:
            yield _Look(conn, await clock.now(conn))

    return open_reading
