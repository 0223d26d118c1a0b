"""What was sent into chats: the thread of each incident, and a receipt for every message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_comms.store.tables import messages, threads

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


class MessageRepository:
    """Threads and receipts."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def thread(self, incident_id: UUID, provider: str) -> Thread | None:
        """Where the message of this incident is; null before it was posted."""
        where = (threads.c.incident_id == incident_id) & (threads.c.provider == provider)
        row = (await self._conn.execute(select(threads.c.channel, threads.c.ts).where(where))).one_or_none()
        return Thread(row.channel, row.ts) if row else None

    async def keep_thread(self, incident_id: UUID, provider: str, *, thread: Thread, now: datetime) -> None:
        """Remember where it is."""
        place = {"channel": thread.channel, "ts": thread.ts, "posted_at": now}
        query = insert(threads).values(incident_id=incident_id, provider=provider, **place)
        keys = ["incident_id", "provider"]
        await self._conn.execute(query.on_conflict_do_update(index_elements=keys, set_=place))

    async def queue(
        self, message_id: UUID, *, incident_id: UUID, channel: str, kind: str, text: str, now: datetime
    ) -> None:
        """A message is on its way."""
        values: dict[str, Any] = {
            "id": message_id,
            "incident_id": incident_id,
            "channel": channel,
            "kind": kind,
            "text": text[:LONGEST_TEXT],
            "state": "queued",
            "attempts": 0,
            "queued_at": now,
        }
        await self._conn.execute(insert(messages).values(values))

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
        values = {
            "state": state,
            "attempts": attempts,
            "reason": reason,
            "finished_at": now if over else None,
        }
        if receipt:
            values["receipt"] = receipt
        await self._conn.execute(update(messages).where(messages.c.id == message_id).values(values))
