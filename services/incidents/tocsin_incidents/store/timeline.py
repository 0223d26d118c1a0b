"""The story of an incident as rows that are only ever added."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_incidents.domain.incident import Actor
from tocsin_incidents.domain.timeline import Entry, Kind
from tocsin_incidents.store.tables import timeline_entries
from tocsin_runtime.statement import Statement, columns_of, to_json
from tocsin_runtime.writes import Write


class TimelineRepository:
    """Entries by incident. Ids are UUIDv7, so the newest has the greatest."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def add(self, *entries: Entry) -> None:
        """These lines."""
        await added(entries).run(self._conn)

    async def add_known(self, entries: Sequence[Entry]) -> list[int]:
        """The lines of incidents that there are; returns the numbers of those incidents, each once."""
        rows = await _ADD_KNOWN.rows(self._conn, entries=to_json([_values(entry) for entry in entries]))
        return [row["number"] for row in rows]

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


def added(entries: Iterable[Entry]) -> Write:
    """Adds these lines."""
    return Write(_ADD, {"entries": to_json([_values(entry) for entry in entries])})


def _values(entry: Entry) -> dict[str, Any]:
    """An entry's row by column."""
    return {
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


_COLUMNS = columns_of(timeline_entries)
_ADD = Statement(
    f"INSERT INTO timeline_entries ({_COLUMNS}) SELECT {_COLUMNS}"
    " FROM jsonb_populate_recordset(CAST(NULL AS timeline_entries), CAST(:entries AS jsonb))"
)
# Each number is looked up by itself: for a join, the planner would rather read all incidents while they are few.
_ADD_KNOWN = Statement(
    "WITH lines AS MATERIALIZED (SELECT e.*, (SELECT i.number FROM incidents i WHERE i.id = e.incident_id) AS number"
    " FROM jsonb_populate_recordset(CAST(NULL AS timeline_entries), CAST(:entries AS jsonb)) AS e),"
    f" added AS (INSERT INTO timeline_entries ({_COLUMNS}) SELECT {_COLUMNS} FROM lines WHERE number IS NOT NULL)"
    " SELECT DISTINCT number FROM lines WHERE number IS NOT NULL"
)
