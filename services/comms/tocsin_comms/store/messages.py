"""What was sent into chats: the thread of each incident, and a receipt for every message."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_runtime.statement import Statement

LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Thread:
    """Where an incident's one message is."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message out. `state`: queued, retrying, sent, failed, or dropped; `receipt` is the provider's id of
    it.
    """

    id: UUID
    position: int
    incident_id: UUID
    number: int | None
    channel: str
    kind: str
    text: str
    state: str
    reason: str | None
    receipt: str | None
    attempts: int
    queued_at: datetime
    finished_at: datetime | None


_THREAD = Statement(
    "SELECT channel, ts FROM chat_threads WHERE incident_id = :incident AND provider = :provider"
)
_KEEP_THREAD = Statement(
    "INSERT INTO chat_threads (incident_id, provider, channel, ts, posted_at)"
    " VALUES (:incident_id, :provider, :channel, :ts, :posted_at) ON CONFLICT (incident_id, provider)"
    " DO UPDATE SET channel = excluded.channel, ts = excluded.ts, posted_at = excluded.posted_at"
)
_QUEUE = Statement(
    "INSERT INTO messages (id, incident_id, channel, kind, text, state, attempts, queued_at)"
    " VALUES (:id, :incident_id, :channel, :kind, :text, 'queued', 0, :queued_at)"
)
_RECORD = Statement(
    "UPDATE messages SET state = :state, attempts = :attempts, reason = :reason, finished_at = :finished_at,"
    " receipt = coalesce(:receipt, receipt) WHERE id = :id"
)


class MessageRepository:
    """Threads and receipts."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def thread(self, incident_id: UUID, provider: str) -> Thread | None:
        """Where the message of this incident is; null before it was posted."""
        row = await _THREAD.row(self._conn, incident=incident_id, provider=provider)
        return Thread(row["channel"], row["ts"]) if row else None

    async def keep_thread(self, incident_id: UUID, provider: str, *, thread: Thread, now: datetime) -> None:
        """Remember where it is."""
        place = {"channel": thread.channel, "ts": thread.ts, "posted_at": now}
        await _KEEP_THREAD.run(self._conn, incident_id=incident_id, provider=provider, **place)

    async def queue(
        self, message_id: UUID, *, incident_id: UUID, channel: str, kind: str, text: str, now: datetime
    ) -> None:
        """A message is on its way."""
        await _QUEUE.run(
            self._conn,
            id=message_id,
            incident_id=incident_id,
            channel=channel,
            kind=kind,
            text=text[:LONGEST_TEXT],
            queued_at=now,
        )

    async def record(
        self,
        message_id: UUID,
        *,
        state: str,
        attempts: int,
        reason: str | None,
        receipt: str | None,
        now: datetime,
    ) -> None:
        """What became of it so far."""
        over = state in ("sent", "failed", "dropped")
        await _RECORD.run(
            self._conn,
            id=message_id,
            state=state,
            attempts=attempts,
            reason=reason,
            finished_at=now if over else None,
            receipt=receipt or None,
        )
