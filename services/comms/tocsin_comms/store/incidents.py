"""The copies of incidents, each with the promise of its next update."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_comms.domain.cadence import Promise
from tocsin_comms.domain.incident import Incident
from tocsin_comms.domain.states import Severity
from tocsin_comms.store.tables import incidents
from tocsin_runtime.statement import Row, Statement, columns_of


@dataclass(frozen=True, slots=True)
class Followed:
    """An incident that comms follows. `summaries` counts the versions of its chat message."""

    incident: Incident
    promise: Promise
    summaries: int = 0

    def told(self, incident: Incident, promise: Promise) -> "Followed":
        """As it is from now on. It is the promise that says when the next update is due, as in its row."""
        due_at = promise.overdue_since or promise.due_at
        return replace(self, incident=replace(incident, update_due_at=due_at), promise=promise)


_COLUMNS = columns_of(incidents)
_BEGIN = Statement(
    f"INSERT INTO incidents ({_COLUMNS}) SELECT {_COLUMNS}"
    " FROM jsonb_populate_recordset(CAST(NULL AS incidents), CAST(:rows AS jsonb)) ON CONFLICT DO NOTHING RETURNING id"
)
_SAVE = Statement(update(incidents).where(incidents.c.id == bindparam("saved")))
_GET = Statement(f"SELECT {_COLUMNS} FROM incidents WHERE id = :incident")
_LOCK = Statement(
    f"SELECT {_COLUMNS} FROM incidents WHERE id = ANY(CAST(:incidents AS uuid[])) ORDER BY id FOR UPDATE"
)


class IncidentRepository:
    """Rows are locked before anything is decided about them."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def begin(self, several: Iterable[Followed]) -> set[UUID]:
        """Start to follow, rows locked. Returns which of them were not followed yet."""
        rows = [_values(followed) for followed in sorted(several, key=lambda each: each.incident.id)]
        if not rows:
            return set()
        begun = await _BEGIN.rows(self._conn, rows=orjson.dumps(rows, default=str).decode())
        return {row["id"] for row in begun}

    async def lock_all(self, incident_ids: Collection[UUID]) -> dict[UUID, Followed]:
        """Those of these incidents that comms ever heard of, locked in the order of their ids."""
        if not incident_ids:
            return {}
        return {row["id"]: load(row) for row in await _LOCK.rows(self._conn, incidents=list(incident_ids))}

    async def lock(self, incident_id: UUID) -> Followed | None:
        """The incident, locked; null when comms never heard of it."""
        return (await self.lock_all([incident_id])).get(incident_id)

    async def get(self, incident_id: UUID) -> Followed | None:
        """The incident without a lock."""
        row = await _GET.row(self._conn, incident=incident_id)
        return load(row) if row else None

    async def save(self, several: Sequence[Followed]) -> None:
        """Write them as they now are."""
        if several:
            await _SAVE.run_each(
                self._conn, [{**_values(followed), "saved": followed.incident.id} for followed in several]
            )

    async def find(self, named: UUID | int) -> UUID | None:
        """The id of the incident with this id or short number; null when comms never heard of it."""
        column = incidents.c.number if isinstance(named, int) else incidents.c.id
        query = select(incidents.c.id).where(column == named)
        found: UUID | None = (await self._conn.execute(query)).scalar_one_or_none()
        return found


def _values(followed: Followed) -> dict[str, Any]:
    incident, promise = followed.incident, followed.promise
    return {
        "id": incident.id,
        "number": incident.number,
        "version": incident.version,
        "title": incident.title,
        "severity": incident.severity.value,
        "status": incident.status,
        "service_id": incident.service_id,
        "service": incident.service,
        "assignee_id": incident.assignee_id,
        "public": incident.public,
        "drill": incident.drill,
        "opened_at": incident.opened_at,
        "acknowledged_at": incident.acknowledged_at,
        "identified_at": incident.identified_at,
        "resolved_at": incident.resolved_at,
        "alert_count": incident.alert_count,
        "update_anchor_at": promise.anchor,
        "update_due_at": promise.due_at,
        "update_generation": promise.generation,
        "update_overdue_since": promise.overdue_since,
        "summary_version": followed.summaries,
    }


def load(row: Row) -> Followed:
    """A row as the value it stands for."""
    incident = Incident(
        id=row["id"],
        number=row["number"],
        version=row["version"],
        title=row["title"],
        severity=Severity(row["severity"]),
        status=row["status"],
        opened_at=row["opened_at"],
        service_id=row["service_id"],
        service=row["service"],
        assignee_id=row["assignee_id"],
        public=row["public"],
        drill=row["drill"],
        acknowledged_at=row["acknowledged_at"],
        identified_at=row["identified_at"],
        resolved_at=row["resolved_at"],
        update_due_at=row["update_overdue_since"] or row["update_due_at"],
        alert_count=row["alert_count"],
    )
    promise = Promise(
        row["update_anchor_at"],
        row["update_due_at"],
        row["update_generation"],
        overdue_since=row["update_overdue_since"],
    )
    return Followed(incident, promise, row["summary_version"])
