"""The inbox: a consumer admits each event once, in the transaction of its effects (R11, R15)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_runtime.ids import made_on


async def admit(conn: AsyncConnection, consumer: str, *, event_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these ids are new to the consumer. A second transaction with the same id waits for the first."""
    ordered = sorted(set(event_ids))
    arguments = {"consumer": consumer, "ids": ordered, "days": [made_on(i) for i in ordered]}
    rows = await conn.execute(_ADMIT, arguments)
    return set(rows.scalars())


_ADMIT = text(
    "INSERT INTO inbox (day, consumer, event_id) SELECT day, :consumer, id"
    " FROM unnest(CAST(:days AS date[]), CAST(:ids AS uuid[])) AS came(day, id)"
    " ON CONFLICT DO NOTHING RETURNING event_id"
)
