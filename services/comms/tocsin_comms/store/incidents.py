"""The copies of incidents, each with the promise of its next update."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_comms.domain.cadence import Promise
from tocsin_comms.domain.incident import Incident
from tocsin_comms.domain.states import Severity
from tocsin_comms.store.tables import incidents
from tocsin_runtime.statement import Row, Statement


@dataclass(frozen=True, slots=True)
class Followed:
    """An incident that comms follows. `summaries` counts the versions of its chat message."""

    incident: Incident
    promise: Promise
    summaries: int = 0


_BEGIN = Statement(insert(incidents).on_conflict_do_nothing())
_SAVE = Statement(update(incidents).where(incidents.c.id == bindparam("saved")))
_GET = Statement(select(incidents).where(incidents.c.id == bindparam("mine")))
_LOCK = Statement(select(incidents).where(incidents.c.id == bindparam("mine")).with_for_update())


class IncidentRepository:
    """Rows are locked before anything is decided about them."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def begin(self, followed: Followed) -> bool:
        """Start to follow, its row locked; False when it is followed already."""
        return await _BEGIN.run(self._conn, **_values(followed)) == 1

    async def lock(self, incident_id: UUID) -> Followed | None:
        """The incident, locked; null when comms never heard of it."""
        row = await _LOCK.row(self._conn, mine=incident_id)
        return load(row) if row else None

    async def get(self, incident_id: UUID) -> Followed | None:
        """The incident without a lock."""
        row = await _GET.row(self._conn, mine=incident_id)
        return load(row) if row else None

    async def save(self, followed: Followed) -> None:
        """Write it as it now is."""
        await _SAVE.run(self._conn, **_values(followed), saved=followed.incident.id)

    async def find(self, reference: str) -> UUID | None:
        """The id that an id or a short number (`INC-42`, `42`) names."""
        query = select(incidents.c.id).where(_named(reference))
        found: UUID | None = (await self._conn.execute(query)).scalar_one_or_none()
        return found


def _named(reference: str) -> Any:
    number = reference.upper().removeprefix("INC-")
    if number.isascii() and number.isdigit() and len(number) < 10:
        return incidents.c.number == int(number)
    try:
        return incidents.c.id == UUID(reference)
    except ValueError:
        return incidents.c.id.is_(None)


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
