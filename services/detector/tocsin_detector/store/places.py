"""Which incident an alert belongs to: read and written by the hundred, without the rest of the alerts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_detector.domain.alert import Status


@dataclass(frozen=True, slots=True)
class Place:
    """The incident of an alert, and whether somebody has taken it."""

    incident_id: UUID | None
    status: Status


class Places:
    """Hold the lanes of the integrations before you read what you are going to change."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def integrations(self, alert_ids: Iterable[UUID]) -> set[UUID]:
        """Whose alerts these are."""
        rows = await self._conn.execute(_INTEGRATIONS, {"ids": list(alert_ids)})
        return set(rows.scalars())

    async def of(self, alert_ids: Iterable[UUID]) -> dict[UUID, Place]:
        """Where these alerts are, those that exist."""
        rows = await self._conn.execute(_READ, {"ids": list(alert_ids)})
        return {row.id: Place(row.incident_id, Status(row.status)) for row in rows}

    async def save(self, places: Mapping[UUID, Place]) -> None:
        """Write where they are now."""
        if places:
            await self._conn.execute(_SAVE, _columns(list(places), list(places.values())))


def _columns(ids: Sequence[UUID], places: Sequence[Place]) -> dict[str, list[object]]:
    return {
        "ids": list(ids),
        "incidents": [place.incident_id for place in places],
        "statuses": [place.status.value for place in places],
    }


_INTEGRATIONS = text("SELECT DISTINCT integration_id FROM alerts WHERE id = ANY(CAST(:ids AS uuid[]))")
_READ = text("SELECT id, incident_id, status FROM alerts WHERE id = ANY(CAST(:ids AS uuid[]))")
_SAVE = text(
    "UPDATE alerts SET incident_id = new.incident_id, status = new.status"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:incidents AS uuid[]), CAST(:statuses AS text[]))"
    " AS new(id, incident_id, status) WHERE alerts.id = new.id"
)
