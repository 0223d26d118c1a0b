"""The story of an incident as rows that are only ever added."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_incidents.domain.incident import Actor
from tocsin_incidents.domain.timeline import Entry, Kind
from tocsin_incidents.store.tables import timeline_entries
from tocsin_runtime.statement import Statement

_ADD = Statement(insert(timeline_entries))


class TimelineRepository:
    """Entries by incident. Ids are UUIDv7, so the newest has the greatest."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def add(self, entry: Entry) -> None:
        """One more line."""
        values = {
            "id": entry.id,
            "incident_id": entry.incident_id,
            "at": entry.at,
            "kind": entry.kind,
            "title": entry.title,
            "text": entry.text,
            "actor_id": entry.actor.user_id,
            "actor_name": entry.actor.name,
            "data": entry.data,
        }
        await _ADD.run(self._conn, **values)

    async def newest(
        self, incident_id: UUID, *, limit: int, before: UUID | None = None, kinds: Sequence[Kind] = ()
    ) -> list[Entry]:
        """The newest entries first, of all kinds when none is named; `before` ends the page before."""
        chosen = select(timeline_entries).where(timeline_entries.c.incident_id == incident_id)
        if kinds:
            chosen = chosen.where(timeline_entries.c.kind.in_(kinds))
        if before is not None:
            chosen = chosen.where(timeline_entries.c.id < before)
        rows = await self._conn.execute(chosen.order_by(timeline_entries.c.id.desc()).limit(limit))
        return [_load(row) for row in rows]


def _load(row: Row[Any]) -> Entry:
    return Entry(
        row.id,
        row.incident_id,
        at=row.at,
        kind=Kind(row.kind),
        title=row.title,
        text=row.text,
        actor=Actor(row.actor_id, row.actor_name),
        data=row.data,
    )
