"""Clears what is past its time, a little at a time, so that nobody waits for it."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

BATCH = 1_000
RECEIPTS = timedelta(hours=25)
"""An hour more than a sender's own id is remembered for (R6)."""


async def clear_receipts(conn: AsyncConnection, now: datetime) -> int:
    """Forget the senders' own ids that are too old to count. Returns how many went."""
    return (await conn.execute(_RECEIPTS, {"before": now - RECEIPTS, "limit": BATCH})).rowcount


async def clear_deliveries(conn: AsyncConnection, before: datetime) -> int:
    """Delete bodies received before, and that open alerts were only told again by them. Returns how many bodies went.

    Alerts stay, and so do the decisions that made and ended them.
    """
    gone = (await conn.execute(_DELIVERIES, {"before": _first_id(before), "limit": BATCH})).scalars().all()
    if gone:
        await conn.execute(_REPEATS, {"gone": list(gone)})
    return len(gone)


def _first_id(moment: datetime) -> UUID:
    """The smallest UUIDv7 of that millisecond, so that the primary key finds what is old."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


_RECEIPTS = text(
    "DELETE FROM receipts WHERE (integration_id, sender_id) IN"
    " (SELECT integration_id, sender_id FROM receipts WHERE received_at < :before ORDER BY received_at LIMIT :limit)"
)
_DELIVERIES = text(
    "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE id < :before ORDER BY id LIMIT :limit)"
    " RETURNING id"
)
_REPEATS = text(
    "DELETE FROM decisions WHERE delivery_id = ANY(CAST(:gone AS uuid[]))"
    " AND reason IN ('told_again', 'nothing_open', 'still_told_after_resolve')"
)
