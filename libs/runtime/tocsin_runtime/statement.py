"""SQL that runs for every event, sent by the driver itself: SQLAlchemy costs more than PostgreSQL (decision 16)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import ClauseElement, RowMapping, Table
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.compiler import SQLCompiler


def to_json(value: object) -> str:
    """As columns of JSON hold it; keys that are no strings are written as such."""
    return orjson.dumps(value, default=_drivers_own, option=orjson.OPT_NON_STR_KEYS).decode()


def _drivers_own(value: object) -> str:
    """Ids that the driver has read are of a class of its own, which orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is nothing that JSON holds")


_DIALECT = dialect(json_serializer=to_json)  # type: ignore[no-untyped-call]
_PARAMETER = re.compile(r"(?<![:\w]):(\w+)")


Row = RowMapping | asyncpg.Record
"""A row by column name, whichever road it came."""


class Statement:
    """One statement with `:name` parameters, on a connection that a `Database` lent, in its transaction if it has one.

    Errors are those of SQLAlchemy, as if it had run the statement; parameters are in none of them.
    """

    def __init__(self, sql: str | ClauseElement) -> None:
        """`sql` is text, or what SQLAlchemy has built with `bindparam`s for what changes; it is compiled here, once."""
        self._fixed: dict[str, object] = {}
        self._forms: Mapping[str, Any] = {}
        if isinstance(sql, str):
            self._names = list(dict.fromkeys(_PARAMETER.findall(sql)))
            numbers = {name: f"${number}" for number, name in enumerate(self._names, start=1)}
            self._sql = _PARAMETER.sub(lambda found: numbers[found[1]], sql)
        else:
            self._take(sql)

    def _take(self, built: ClauseElement) -> None:
        compiled = built.compile(dialect=_DIALECT)
        assert isinstance(compiled, SQLCompiler)
        assert compiled.positiontup is not None
        self._sql, self._names = compiled.string, list(compiled.positiontup)
        self._forms = compiled._bind_processors
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}

    @property
    def sql(self) -> str:
        """As the driver takes it, with numbered parameters."""
        return self._sql

    @property
    def parameters(self) -> int:
        """How many there are."""
        return len(self._names)

    def in_order(self, values: Mapping[str, object]) -> list[object]:
        """The values as the driver takes them."""
        if not self._forms and not self._fixed:
            return [values[name] for name in self._names]
        given = {**self._fixed, **values}
        return [
            self._forms[name](given[name]) if name in self._forms else given[name] for name in self._names
        ]

    async def rows(self, conn: AsyncConnection, **values: object) -> list[asyncpg.Record]:
        """All rows; each is read by column name or position."""
        driver = driver_of(conn)
        try:
            rows: list[asyncpg.Record] = await driver.fetch(self._sql, *self.in_order(values))
        except DRIVER_ERRORS as error:
            raise translated(error, self._sql, driver) from error
        return rows

    async def row(self, conn: AsyncConnection, **values: object) -> asyncpg.Record | None:
        """The first row, if there is one."""
        driver = driver_of(conn)
        try:
            return await driver.fetchrow(self._sql, *self.in_order(values))
        except DRIVER_ERRORS as error:
            raise translated(error, self._sql, driver) from error

    async def value(self, conn: AsyncConnection, **values: object) -> Any:
        """The first column of the first row; None when there is no row."""
        row = await self.row(conn, **values)
        return row[0] if row else None

    async def run(self, conn: AsyncConnection, **values: object) -> int:
        """For what returns no rows: how many it changed."""
        return await self.run_in_order(conn, self.in_order(values))

    async def run_in_order(self, conn: AsyncConnection, values: Sequence[object]) -> int:
        """The same with values as `in_order` has them."""
        driver = driver_of(conn)
        try:
            status = await driver.execute(self._sql, *values)
        except DRIVER_ERRORS as error:
            raise translated(error, self._sql, driver) from error
        last = str(status).rpartition(" ")[2]
        return int(last) if last.isdigit() else 0

    async def run_each(self, conn: AsyncConnection, many: Sequence[Mapping[str, object]]) -> None:
        """The same for several sets of values, in one round trip."""
        driver = driver_of(conn)
        try:
            await driver.executemany(self._sql, [self.in_order(values) for values in many])
        except DRIVER_ERRORS as error:
            raise translated(error, self._sql, driver) from error


def columns_of(table: Table) -> str:
    """Its columns by name, for SQL as text: `*` would mean another row once a migration has added one."""
    return ", ".join(f'"{column.name}"' for column in table.columns)


def driver_of(conn: AsyncConnection) -> asyncpg.Connection:
    """The driver's connection below SQLAlchemy's."""
    driver = conn.sync_connection.connection.driver_connection if conn.sync_connection else None
    if driver is None:
        raise InterfaceError(None, None, asyncpg.InterfaceError("the connection is closed"))
    return driver


def translated(error: Exception, sql: str, driver: asyncpg.Connection) -> DBAPIError:
    """What SQLAlchemy would have raised, without the values that PostgreSQL quotes in its details."""
    forget_details(error)
    kind: type[DBAPIError] = DBAPIError
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        kind = IntegrityError
    elif not isinstance(error, asyncpg.PostgresError):
        kind = InterfaceError
    return kind(sql, None, error, hide_parameters=True, connection_invalidated=driver.is_closed())


def forget_details(error: BaseException | None) -> None:
    """Errors are logged, and what PostgreSQL quotes in its details is what somebody wrote."""
    if isinstance(error, asyncpg.PostgresError):
        error.detail = None
    elif isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError):
        error.args = (
            str(error).partition(":")[0],
        )  # what follows is the value that the driver could not encode


DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
