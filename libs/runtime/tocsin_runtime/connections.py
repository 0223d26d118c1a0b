"""Connections that stay open between units of work, lent and given back without a word to the server."""

import asyncio
from dataclasses import dataclass

import asyncpg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tocsin_runtime.clock import monotonic

log = structlog.get_logger("tocsin.database")
WAIT = 2.0
"""Seconds that a caller waits for a connection to be free."""
OPEN_FOR = 1800.0
"""Seconds after which one is opened anew, so that a proxy's or a server's new settings come to count."""


class DatabaseUnreachable(ConnectionError):
    """No connection was to be had: the server is away, starting up or full, or the pool is. Nothing was done."""


@dataclass(frozen=True, eq=False)
class Lent:
    """An open connection: SQLAlchemy's, in autocommit, and the driver's own below it."""

    connection: AsyncConnection
    driver: asyncpg.Connection
    opened: float

    def usable(self) -> bool:
        """False when the server closed it, which the driver hears by itself, or when it is old."""
        return not self.driver.is_closed() and monotonic() - self.opened < OPEN_FOR


class Connections:
    """At most `most` at a time. The one given back last is lent first, so that idle ones are really idle."""

    def __init__(self, engine: AsyncEngine, *, most: int) -> None:
        self._engine = engine
        self._seats = asyncio.Semaphore(most)
        self._free: list[Lent] = []
        self._closed = False

    async def lend(self) -> Lent:
        """A connection for one caller. Raises DatabaseUnreachable, whichever of a dozen errors stood behind it."""
        await self._seat()
        try:
            while self._free:
                lent = self._free.pop()
                if lent.usable():
                    return lent
                await discard(lent)
            return await self._open()
        except BaseException:
            self._seats.release()
            raise

    async def give_back(self, lent: Lent, *, clean: bool) -> None:
        """What is not `clean`, with a transaction in an unknown state, is closed."""
        try:
            if clean and not self._closed and lent.usable():
                self._free.append(lent)
            else:
                await discard(lent)
        finally:
            self._seats.release()

    async def close(self) -> None:
        """Close all that are free now, and those in use when they come back."""
        self._closed = True
        while self._free:
            await discard(self._free.pop())

    async def _seat(self) -> None:
        if not self._seats.locked():
            await self._seats.acquire()
            return
        try:
            async with asyncio.timeout(WAIT):
                await self._seats.acquire()
        except TimeoutError as error:
            raise DatabaseUnreachable(f"no connection was free within {WAIT:.0f} s") from error

    async def _open(self) -> Lent:
        try:
            connection = await self._engine.connect()
            driver = (await connection.get_raw_connection()).driver_connection
        except (OSError, SQLAlchemyError) as error:
            raise DatabaseUnreachable(repr(error)) from error
        if driver is None:
            raise DatabaseUnreachable("the server closed the connection at once")
        return Lent(connection, driver, monotonic())


async def discard(lent: Lent) -> None:
    """Close it without asking the server, who may not answer."""
    lent.driver.terminate()
    try:
        await lent.connection.invalidate()
        await lent.connection.close()
    except (OSError, SQLAlchemyError) as error:
        log.info("connection.closed_badly", error=repr(error)[:200])
