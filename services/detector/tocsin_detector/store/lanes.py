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

from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_detector.domain.integration import LANES, lane_of
from tocsin_runtime.database import Turn
from tocsin_runtime.statement import Statement
from tocsin_runtime.writes import Write

WAITING = "SELECT FROM waiting"
"""Finds a row when some delivery waits to be played."""
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
    traceparent: str | None


class LaneStore:
    """Reads and clears the queue. Every method runs in the transaction of the connection."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def lock(self, lanes: Iterable[int]) -> None:
        """Wait for these lanes and hold them until the transaction ends; in order, so that no two block each other."""
        for lane in sorted(set(lanes)):
            kind, number = turn_of(lane)
            await _LOCK.rows(self._conn, kind=kind, lane=number)

    async def lock_of(self, integrations: Iterable[UUID]) -> None:
        """Hold the lanes of these integrations."""
        await self.lock(lane_of(integration) for integration in integrations)

    async def busy(self) -> list[int]:
        """The lanes in which something waits."""
        return [int(row[0]) for row in await _BUSY.rows(self._conn, lanes=list(range(LANES)))]

    async def oldest(self, lane: int, *, limit: int) -> list[Waiting]:
        """The deliveries that have waited longest. Hold the lane."""
        return [Waiting(*row) for row in await _OLDEST.rows(self._conn, lane=lane, limit=limit)]

    async def backlog(self) -> tuple[int, datetime | None]:
        """How many deliveries wait (counted up to 100,000), and since when the oldest does."""
        [row] = await _BACKLOG.rows(self._conn)
        return int(row["many"]), row["oldest"]


def turn_of(lane: int) -> Turn:
    """What a unit of work holds that plays this lane, or changes alerts of its integrations."""
    return _LOCK_CLASS, lane


def finished(rows: Sequence[Waiting]) -> Write:
    """These, of one lane, are played to the end."""
    return Write(_FINISH, {"lane": rows[0].lane, "positions": [row.position for row in rows]})


def played(row: Waiting, done: int) -> Write:
    """So many signals of this one are played; the rest is for the next turn."""
    return Write(_PLAYED, {"lane": row.lane, "position": row.position, "done": done})


_LOCK = Statement("SELECT pg_advisory_xact_lock(CAST(:kind AS int), CAST(:lane AS int))")
_BUSY = Statement(
    "SELECT l.number FROM unnest(CAST(:lanes AS smallint[])) AS l(number)"
    " WHERE EXISTS (SELECT FROM waiting w WHERE w.lane = l.number)"
)
_OLDEST = Statement(
    "SELECT lane, position, delivery_id, integration_id, received_at, done, signals, traceparent FROM waiting"
    " WHERE lane = :lane ORDER BY position LIMIT :limit"
)
_FINISH = Statement("DELETE FROM waiting WHERE lane = :lane AND position = ANY(CAST(:positions AS bigint[]))")
_PLAYED = Statement("UPDATE waiting SET done = :done WHERE lane = :lane AND position = :position")
_BACKLOG = Statement(
    "SELECT count(*) AS many, min(received_at) AS oldest FROM (SELECT received_at FROM waiting LIMIT 100000) AS w"
)
