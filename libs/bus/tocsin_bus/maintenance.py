"""Keeps the day partitions ahead of time and drops what is past its use (R10, R15)."""

from datetime import date, timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

log = structlog.get_logger("tocsin.maintenance")
AHEAD = 7
KEEP = {"outbox": 7, "inbox": 8, "log": 7}
"""Days. The inbox outlives the topics by one day, so that no redelivery finds it forgotten."""
PATIENCE = "300ms"
SERVICE_TABLES = ("outbox", "inbox")
BUS_TABLES = ("log",)


async def keep_partitions(conn: AsyncConnection, tables: tuple[str, ...]) -> None:
    """Make the partitions of the next days, drop those whose time is over. Safe to run at any time, by any replica.

    Both need the whole table to themselves for a moment, so give each table a transaction of its own. One that is busy
    is not waited for, as all who come behind would have to wait too: that raises, and is tried again later.
    """
    await conn.execute(_ONE_AT_A_TIME)
    await conn.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
    today: date = (await conn.execute(text("SELECT CURRENT_DATE"))).scalar_one()
    there = set((await conn.execute(_PARTITIONS, {"tables": list(tables)})).scalars())
    for table in tables:
        for offset in range(AHEAD + 1):
            await _make(conn, table, day=today + timedelta(days=offset), there=there)
        await _forget_in_default(conn, table, before=today - timedelta(days=KEEP[table]))
        oldest = f"{table}_{today - timedelta(days=KEEP[table]):%Y%m%d}"
        for name in sorted(there):
            if name.startswith(f"{table}_2") and name < oldest and not await _still_needed(conn, table, name):
                await conn.execute(text(f"DROP TABLE IF EXISTS {name}"))
                log.info("partition.dropped", name=name)


async def forget_old_rows(conn: AsyncConnection) -> None:
    """Idempotency keys live a day, finished sendings and healed events thirty."""
    await conn.execute(text("DELETE FROM idempotency WHERE created_at < now() - interval '1 day'"))
    await conn.execute(text("DELETE FROM sendings WHERE finished_at < now() - interval '30 days'"))
    await conn.execute(
        text("DELETE FROM parked WHERE state = 'done' AND parked_at < now() - interval '30 days'")
    )


async def compact(conn: AsyncConnection) -> None:
    """Drop what a later row of the same key has superseded for a day. All five services ask for it; they take turns."""
    await conn.execute(_ONE_AT_A_TIME)
    await conn.execute(_COMPACT)


async def _make(conn: AsyncConnection, table: str, *, day: date, there: set[str]) -> None:
    name = f"{table}_{day:%Y%m%d}"
    if name not in there and not await _in_default(conn, table, day=day):
        bounds = f"FROM ('{day}') TO ('{day + timedelta(days=1)}')"
        await conn.execute(
            text(f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} FOR VALUES {bounds}")
        )


async def _in_default(conn: AsyncConnection, table: str, *, day: date) -> bool:
    """Rows that came before their day's partition stay where they are; that day then has no other."""
    found = await conn.execute(
        text(f"SELECT EXISTS (SELECT 1 FROM {table}_default WHERE day = :day)"), {"day": day}
    )
    return bool(found.scalar_one())


async def _forget_in_default(conn: AsyncConnection, table: str, *, before: date) -> None:
    unpublished = " AND published_at IS NOT NULL" if table == "outbox" else ""
    await conn.execute(
        text(f"DELETE FROM {table}_default WHERE day < :before{unpublished}"), {"before": before}
    )


async def _still_needed(conn: AsyncConnection, table: str, name: str) -> bool:
    if table != "outbox":
        return False
    found = await conn.execute(text(f"SELECT EXISTS (SELECT 1 FROM {name} WHERE published_at IS NULL)"))
    return bool(found.scalar_one())


_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('upkeep of ' || current_schema()))")
_PARTITIONS = text(
    "SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
    " JOIN pg_class AS p ON p.oid = i.inhparent WHERE p.relname = ANY(CAST(:tables AS text[]))"
    " AND p.relnamespace = CAST(current_schema() AS regnamespace)"
)
_COMPACT = text(
    "DELETE FROM compacted AS old USING compacted AS later WHERE old.topic = later.topic AND old.key = later.key"
    " AND old.number = later.number AND old.record_offset < later.record_offset"
    " AND later.written_at < now() - interval '1 day'"
)
