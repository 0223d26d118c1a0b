"""One engine per service, in that service's own role and schema."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import orjson
import structlog
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from tocsin_runtime.connections import Connections
from tocsin_runtime.statement import DRIVER_ERRORS, forget_details, to_json, translated

log = structlog.get_logger("tocsin.database")
SESSION = {
    "statement_timeout": "5000",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "10000",
    "timezone": "UTC",
    "jit": "off",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""What R34 asks of every session, in milliseconds and seconds."""
STATEMENTS = {"max_cached_statement_lifetime": 0}
"""The driver would prepare each statement anew every five minutes; a connection is not open much longer than that."""


def driver_url(url: str) -> str:
    """The same address with the driver that SQLAlchemy needs."""
    return make_url(url).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def plain_url(url: str) -> str:
    """The same address as asyncpg itself reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


Turn = tuple[int, int]
"""A kind of thing and which one, as two whole numbers: an advisory lock of the database for one at a time."""


class Database:
    """Connections of one service. `role` is None when the login is the service's own."""

    def __init__(self, url: str, *, schema: str, role: str | None, pool_size: int = 4) -> None:
        self.url = url
        self.schema = schema
        self.session = {**SESSION, "search_path": schema, "application_name": f"tocsin-{schema}"}
        if role is not None:
            self.session["role"] = role
        engine = create_async_engine(
            driver_url(url),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",  # transactions are begun below, where it costs one round trip and no more
            hide_parameters=True,  # errors are logged, and alerts must not be
            json_serializer=to_json,
            json_deserializer=orjson.loads,
            connect_args={"server_settings": self.session, "timeout": 5, "command_timeout": 15, **STATEMENTS},
        )
        event.listen(engine.sync_engine, "handle_error", _forget_what_it_quotes)
        self._connections = Connections(engine, most=pool_size)

    @asynccontextmanager
    async def begin(self, *, holding: Turn | None = None) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits at the end of the block and rolls back on any exception.

        With `holding` it waits for that turn first, in the same trip to the server, and has it until it ends.
        """
        lent, clean = await self._connections.lend(), False
        try:
            await _begin(lent.driver, holding)
            try:
                yield lent.connection
            except BaseException:
                clean = await _rolled_back(lent.driver)
                raise
            await _commit(lent.driver)
            clean = True
        finally:
            await self._connections.give_back(lent, clean=clean)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading only. Each statement stands alone, which saves a BEGIN and a ROLLBACK."""
        lent = await self._connections.lend()
        try:
            yield lent.connection
        finally:
            await self._connections.give_back(lent, clean=not lent.driver.is_in_transaction())

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which each statement is a transaction: for a write that is one statement."""
        async with self.read() as connection:
            yield connection

    async def raw(self) -> asyncpg.Connection:
        """A connection of its own outside the pool, for LISTEN or for the accept road. The caller closes it."""
        return await asyncpg.connect(
            plain_url(self.url), server_settings=self.session, timeout=5, **STATEMENTS
        )

    async def close(self) -> None:
        """Close every connection; those in use, when they come back."""
        await self._connections.close()


def _forget_what_it_quotes(context: ExceptionContext) -> None:
    """PostgreSQL's details quote rows, and tracebacks show the driver's error with them."""
    forget_details(context.original_exception.__cause__)


async def _begin(driver: asyncpg.Connection, holding: Turn | None) -> None:
    """Each statement sees what was committed when it began: so what is read in a turn is what the turn before left."""
    command = "BEGIN"
    if holding is not None:
        command += f"; SELECT pg_advisory_xact_lock({holding[0]:d}, {holding[1]:d})"
    await _say(driver, command)


async def _commit(driver: asyncpg.Connection) -> None:
    """A COMMIT that the server turned into a rollback is an error, for nothing was kept."""
    if await _say(driver, "COMMIT") != "COMMIT":
        failed = asyncpg.InFailedSQLTransactionError("an error in this transaction was passed over")
        raise translated(failed, "COMMIT", driver)


async def _say(driver: asyncpg.Connection, command: str) -> str:
    try:
        done: str = await driver.execute(command)
    except DRIVER_ERRORS as error:
        raise translated(error, command, driver) from error
    return done


async def _rolled_back(driver: asyncpg.Connection) -> bool:
    """False when the connection is of no more use; what the caller has to know is the error that led here."""
    try:
        await driver.execute("ROLLBACK")
    except (*DRIVER_ERRORS, OSError, TimeoutError) as error:
        log.info("connection.lost", error=repr(error)[:200])
        return False
    return True
