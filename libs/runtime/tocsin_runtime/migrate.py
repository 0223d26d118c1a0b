"""Runs one service's migrations in its own role and schema, under an advisory lock (R39)."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from asyncpg import PostgresError
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from tocsin_runtime.database import driver_url
from tocsin_runtime.schemas import MigrationError, migrations_of, role_of

LOCK = 0x7064_736E


async def prepare_roles(url: str, schemas: list[str]) -> None:
    """Make a role and a schema for each, none with rights on another's. The login needs CREATEROLE and CREATE.

    Raises MigrationError, as `migrate` does.
    """
    async with _connected(url) as conn, conn.begin():
        await conn.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        for schema in schemas:
            await conn.run_sync(_prepare_role, schema)


async def migrate(url: str, *, schema: str, package: str, own_login: bool = False) -> str:
    """Bring a schema to the newest revision of `package` and return that revision. Safe to run twice, and at once.

    With `own_login` the login itself owns the schema; else its role `tocsin_<schema>` does.
    """
    try:
        async with _connected(url) as conn:
            await conn.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
            await conn.commit()
            if not own_login:
                await conn.execute(text(f"SET ROLE {role_of(schema)}"))
            if own_login:
                await conn.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
            await conn.execute(text(f"SET search_path TO {schema}"))
            await conn.execute(text("SET lock_timeout TO '2s'"))
            await conn.commit()
            return await conn.run_sync(_upgrade, schema, package)
    except DBAPIError as error:
        raise MigrationError(f"{schema}: {error.orig}; run `tocsin migrate {schema}` again") from error


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[AsyncConnection]:
    """A connection of its own. One that cannot be had is told with its address, but for the password."""
    place = make_url(url).render_as_string(hide_password=True)
    engine = create_async_engine(driver_url(url), poolclass=NullPool)
    try:
        try:
            conn = await engine.connect()
        except OSError as error:
            reason = error.strerror or error
            raise MigrationError(
                f"PostgreSQL does not answer at {place} ({reason}): does it run, is the address right?"
            ) from error
        except (DBAPIError, PostgresError) as error:
            raise MigrationError(f"PostgreSQL at {place} does not let Tocsin in: {error}") from error
        async with aclosing(conn):
            yield conn
    finally:
        await engine.dispose()


def _prepare_role(conn: Connection, schema: str) -> None:
    role = role_of(schema)
    if not conn.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar():
        conn.execute(text(f"CREATE ROLE {role} NOLOGIN"))
    conn.execute(text(f"GRANT {role} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE"))
    conn.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {role}"))


def _upgrade(conn: Connection, schema: str, package: str) -> str:
    scripts = _scripts(package)
    context = MigrationContext.configure(
        conn,
        opts={
            "version_table": "schema_version",
            "version_table_schema": schema,
            "fn": lambda revision, _: scripts._upgrade_revs("heads", revision),
            "transaction_per_migration": True,
            "as_sql": False,
            "script": scripts,
        },
    )
    with Operations.context(context):
        context.run_migrations()
    conn.commit()
    return str(scripts.get_current_head())


def _scripts(package: str) -> ScriptDirectory:
    folder = migrations_of(package)
    return ScriptDirectory(str(folder), version_locations=[str(folder / "versions")])
