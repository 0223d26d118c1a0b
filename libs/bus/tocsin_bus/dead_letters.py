"""Dead letters of one service: looked at, and tried again under the same event ids (R18)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import text

from tocsin_bus.unit_of_work import notification_channel
from tocsin_runtime.database import Database


@dataclass(frozen=True)
class DeadLetterEntry:
    """One event that no try could handle, with its bytes as they came."""

    id: UUID
    event_id: UUID
    topic: str
    type: str
    headers: dict[str, str]
    data: bytes
    attempts: int
    reason: str
    parked_at: datetime


async def find_dead_letters(
    database: Database,
    *,
    ids: Sequence[UUID] | None = None,
    kind: str | None = None,
    since: datetime | None = None,
) -> list[DeadLetterEntry]:
    """Those that match all that is given, oldest first, at most 1,000. `ids` may be event ids too."""
    arguments = {"ids": list(ids) if ids else None, "kind": kind, "since": since}
    async with database.read() as conn:
        rows = (await conn.execute(_FIND, arguments)).mappings().all()
    return [DeadLetterEntry(**row) for row in rows]


async def replay_dead_letters(database: Database, ids: Sequence[UUID], *, service: str) -> int:
    """Let the service try these again now; returns how many there were."""
    message = orjson.dumps({"wake": ["parked"], "live": []}).decode()
    async with database.begin() as conn:
        changed = await conn.execute(_REPLAY, {"ids": list(ids)})
        await conn.execute(_NOTIFY, {"channel": notification_channel(service), "message": message})
    return changed.rowcount


_FIND = text(
    "SELECT id, event_id, topic, type, headers, data, attempts, reason, parked_at FROM parked WHERE state = 'dead'"
    " AND (CAST(:ids AS uuid[]) IS NULL OR id = ANY(CAST(:ids AS uuid[])) OR event_id = ANY(CAST(:ids AS uuid[])))"
    " AND (CAST(:kind AS text) IS NULL OR type = :kind)"
    " AND (CAST(:since AS timestamptz) IS NULL OR parked_at >= :since) ORDER BY parked_at LIMIT 1000"
)
_REPLAY = text(
    "UPDATE parked SET state = 'waiting', attempts = 0, next_try_at = now()"
    " WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 'dead'"
)
_NOTIFY = text("SELECT pg_notify(:channel, :message)")
