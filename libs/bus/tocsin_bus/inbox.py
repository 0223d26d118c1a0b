"""The inbox: a consumer admits each event once, in the transaction of its effects (R11, R15)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_events.envelope import Envelope
from tocsin_runtime.ids import made_on
from tocsin_runtime.statement import Statement


async def admit(conn: AsyncConnection, consumer: str, *, event_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these ids are new to the consumer. A second transaction with the same id waits for the first."""
    ordered = sorted(set(event_ids))
    rows = await _ADMIT.rows(conn, consumer=consumer, ids=ordered, days=[made_on(i) for i in ordered])
    return {row[0] for row in rows}


async def admit_unless_parked(
    conn: AsyncConnection, consumer: str, *, envelopes: Sequence[Envelope]
) -> tuple[set[UUID], set[UUID]]:
    """The ids that are new, as `admit` has it, and the keys before which something is parked: none of theirs is new."""
    keys = {e.id: e.key for e in envelopes}
    ordered = sorted(keys)
    rows = await _ADMIT_UNLESS_PARKED.rows(
        conn,
        consumer=consumer,
        ids=ordered,
        days=[made_on(i) for i in ordered],
        keys=[keys[i] for i in ordered],
    )
    return {row[0] for row in rows if row[0] is not None}, {row[1] for row in rows if row[1] is not None}


_ADMIT = Statement(
    "INSERT INTO inbox (day, consumer, event_id) SELECT day, :consumer, id"
    " FROM unnest(CAST(:days AS date[]), CAST(:ids AS uuid[])) AS came(day, id)"
    " ON CONFLICT DO NOTHING RETURNING event_id"
)
_ADMIT_UNLESS_PARKED = Statement(
    "WITH blocked AS MATERIALIZED (SELECT DISTINCT key FROM parked WHERE consumer = CAST(:consumer AS text)"
    " AND state = 'waiting' AND key = ANY(CAST(:keys AS uuid[]))),"
    " fresh AS (INSERT INTO inbox (day, consumer, event_id) SELECT day, CAST(:consumer AS text), id"
    " FROM unnest(CAST(:days AS date[]), CAST(:ids AS uuid[]), CAST(:keys AS uuid[])) AS came(day, id, key)"
    " WHERE NOT EXISTS (SELECT FROM blocked WHERE blocked.key = came.key)"
    " ON CONFLICT DO NOTHING RETURNING event_id)"
    " SELECT event_id, NULL FROM fresh UNION ALL SELECT NULL, key FROM blocked"
)
