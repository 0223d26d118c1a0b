"""One engine per service, in that service's own role and schema."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import orjson
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

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


class DatabaseUnreachable(ConnectionError):
    """No connection was to be had: the server is away, starting up or full, or the pool is. Nothing was done."""


def driver_url(url: str) -> str:
    """The same address with the driver that SQLAlchemy needs."""
    return make_url(url).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def plain_url(url: str) -> str:
    """The same address as asyncpg itself reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


class Database:
    """Connections of one service. `role` is None when the login is the service's own."""

    def __init__(self, url: str, *, schema: str, role: str | None, pool_size: int = 4) -> None:
        self.url = url
        self.schema = schema
        self.session = {**SESSION, "search_path": schema, "application_name": f"tocsin-{schema}"}
        if role is not None:
            self.session["role"] = role
        self.engine: AsyncEngine = create_async_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=2,
            pool_recycle=1800,
            hide_parameters=True,  # errors are logged, and alerts must not be
            json_serializer=_to_json,
            json_deserializer=orjson.loads,
            connect_args={"server_settings": self.session, "timeout": 5, "command_timeout": 15},
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)
        self._apart = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits at the end of the block and rolls back on any exception."""
        async with _connected(self.engine) as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading only. Each statement stands alone, which saves a BEGIN and a ROLLBACK."""
        async with _connected(self._apart) as connection:
            yield connection

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which each statement is a transaction: for a write that is one statement."""
        async with _connected(self._apart) as connection:
            yield connection

    async def raw(self) -> asyncpg.Connection:
        """A connection of its own outside the pool, for LISTEN or for the accept road. The caller closes it."""
        return await asyncpg.connect(plain_url(self.url), server_settings=self.session, timeout=5)

    async def close(self) -> None:
        """Close every pooled connection."""
        await self.engine.dispose()


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection from the pool. Raises DatabaseUnreachable, whichever of a dozen errors stood behind it."""
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(engine.connect())
        except (OSError, SQLAlchemyError) as error:
            raise DatabaseUnreachable(repr(error)) from error
        yield connection


def _to_json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def _refuse_closed(connection: Any, record: object, proxy: object) -> None:
    """Have the pool connect anew when the server closed the connection meanwhile.

    The driver has heard of that by itself; asking the server, as `pool_pre_ping` does, costs three round trips each
    time.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError("the server closed the connection")
