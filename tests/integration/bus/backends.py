"""The server's own view of connections, and a way to cut them off as a network does."""

import asyncpg

from tocsin_runtime.database import plain_url


async def cut_off(database_url: str, query: str) -> int:
    """End every connection to this database whose last statement contains `query`; returns how many."""
    return len(await _ask(database_url, _CUT_OFF, query))


async def in_transaction(database_url: str) -> int:
    """How many connections to this database have a transaction open, and hold its locks."""
    return len(await _ask(database_url, _IN_TRANSACTION))


async def _ask(database_url: str, question: str, *arguments: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(plain_url(database_url))
    try:
        rows: list[asyncpg.Record] = await connection.fetch(question, *arguments)
        return rows
    finally:
        await connection.close()


_CUT_OFF = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND strpos(query, $1) > 0"
)
_IN_TRANSACTION = (
    "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
)
