"""The queue between accepting and processing, and the lock that keeps each lane in order.

A lane is locked for the length of one transaction (`pg_advisory_xact_lock`), not by a lease: the lock of a process
that is killed goes with its connection, so that the next one carries on at once instead of after a lease's six
seconds; that of one that is stopped goes with `idle_in_transaction_session_timeout`. Whoever changes alerts holds the
lanes of their integrations.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_detector.domain.integration import LANES, lane_of
from tocsin_detector.store.tables import waiting

_LOCK_CLASS = 0x616C  # one number for the lanes of detector among all advisory locks


@dataclass(frozen=True, slots=True)
class Waiting:
    """An accepted delivery whose signals after the first `done` are still to be played."""

    lane: int
    position: int
    delivery_id: UUID
    integration_id: UUID
    received_at: datetime
    done: int
    signals: bytes


class LaneStore:
    """Reads and clears the queue. Every method runs in the transaction of the connection."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def lock(self, lanes: Iterable[int]) -> None:
        """Wait for these lanes and hold them until the transaction ends; in order, so that no two block each other."""
        for lane in sorted(set(lanes)):
            await self._conn.execute(_LOCK, {"class": _LOCK_CLASS, "lane": lane})

    async def lock_of(self, integrations: Iterable[UUID]) -> None:
        """Hold the lanes of these integrations."""
        await self.lock(lane_of(integration) for integration in integrations)

    async def busy(self) -> list[int]:
        """The lanes in which something waits."""
        rows = await self._conn.execute(_BUSY, {"lanes": list(range(LANES))})
        return [int(lane) for lane in rows.scalars()]

    async def oldest(self, lane: int, *, limit: int) -> list[Waiting]:
        """The deliveries that have waited longest. Hold the lane."""
        columns = (
            waiting.c.lane,
            waiting.c.position,
            waiting.c.delivery_id,
            waiting.c.integration_id,
            waiting.c.received_at,
            waiting.c.done,
            waiting.c.signals,
        )
        rows = await self._conn.execute(
            select(*columns).where(waiting.c.lane == lane).order_by(waiting.c.position).limit(limit)
        )
        return [Waiting(*row) for row in rows]

    async def finished(self, rows: Sequence[Waiting]) -> None:
        """These are played to the end."""
        if rows:
            arguments = {"lane": rows[0].lane, "positions": [row.position for row in rows]}
            await self._conn.execute(_FINISH, arguments)

    async def played(self, row: Waiting, done: int) -> None:
        """So many signals of this one are played; the rest is for the next turn."""
        await self._conn.execute(_PLAYED, {"lane": row.lane, "position": row.position, "done": done})

    async def backlog(self) -> tuple[int, datetime | None]:
        """How many deliveries wait (counted up to 100,000), and since when the oldest does."""
        row = (await self._conn.execute(_BACKLOG)).one()
        return int(row.many), row.oldest


_LOCK = text("SELECT pg_advisory_xact_lock(CAST(:class AS int), CAST(:lane AS int))")
_BUSY = text(
    "SELECT lane FROM unnest(CAST(:lanes AS smallint[])) AS lane"
    " WHERE EXISTS (SELECT FROM waiting w WHERE w.lane = lane)"
)
_FINISH = text("DELETE FROM waiting WHERE lane = :lane AND position = ANY(CAST(:positions AS bigint[]))")
_PLAYED = text("UPDATE waiting SET done = :done WHERE lane = :lane AND position = :position")
_BACKLOG = text(
    "SELECT count(*) AS many, min(received_at) AS oldest FROM (SELECT received_at FROM waiting LIMIT 100000) AS w"
)
