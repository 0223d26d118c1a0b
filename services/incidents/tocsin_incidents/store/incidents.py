"""Incidents as rows."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_incidents.domain.incident import Incident, Origin, Status
from tocsin_incidents.domain.severity import Severity, severity_or_none
from tocsin_incidents.domain.timeline import Entry
from tocsin_incidents.store.alerts import Joined, counted
from tocsin_incidents.store.tables import incident_numbers, incidents
from tocsin_incidents.store.timeline import added
from tocsin_runtime.statement import Statement, to_json
from tocsin_runtime.writes import Write

DRILL, OVER = 5, 9
"""The ranks of an open drill and of what is no longer open; before them stand the severities of what is open."""

NAMES = [field.name for field in fields(Incident)]
COLUMNS = [incidents.c[name] for name in NAMES]
_STORED = (*NAMES, "rank")


_COLUMNS = ", ".join(_STORED)
_BEGIN = Statement(
    f"INSERT INTO incidents ({_COLUMNS}) SELECT {_COLUMNS}"
    " FROM jsonb_populate_recordset(CAST(NULL AS incidents), CAST(:incidents AS jsonb))"
)
_SAVE = Statement(
    update(incidents)
    .where(incidents.c.id == bindparam("saved"))
    .values({name: bindparam(name) for name in _STORED})
)
_LOCK = Statement(select(*COLUMNS).where(incidents.c.id == bindparam("mine")).with_for_update(key_share=True))
_NEXT_NUMBER = Statement(select(incident_numbers.next_value()))
_MARK_SETTLED = Statement("UPDATE incidents SET settled_at = :now WHERE id = :incident_id")


@dataclass(frozen=True, slots=True)
class Beginning:
    """A new incident, the first entry of its story, and the alert that opened it, if one did."""

    incident: Incident
    entry: Entry
    alert: Joined | None = None


def begun(new: Sequence[Beginning]) -> list[Write]:
    """Writes new ones, as they begin."""
    alerts = {one.alert: one.incident.opened_at for one in new if one.alert is not None}
    return [
        Write(_BEGIN, {"incidents": to_json([_values(one.incident) for one in new])}),
        added(one.entry for one in new),
        *([counted(alerts)] if alerts else []),
    ]


class IncidentRepository:
    """Reads and writes whole incidents. A change begins with `lock`, so that deciders queue up."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def next_number(self) -> int:
        """The n of INC-n. Numbers grow; a failed opening may leave one out."""
        number: int = await _NEXT_NUMBER.value(self._conn)
        return number

    async def get(self, ref: UUID | int) -> Incident | None:
        """By id or number."""
        row = (await self._conn.execute(select(*COLUMNS).where(_called(ref)))).one_or_none()
        return None if row is None else load(row)

    async def lock(self, ref: UUID | int) -> Incident | None:
        """By id or number, with its row lock until the end of the transaction.

        FOR NO KEY UPDATE: an alert that joins checks its foreign key at the same time and need not wait.
        """
        if isinstance(ref, UUID):
            row: Any = await _LOCK.row(self._conn, mine=ref)
        else:
            locked = select(*COLUMNS).where(_called(ref)).with_for_update(key_share=True)
            row = (await self._conn.execute(locked)).one_or_none()
        return None if row is None else load(row)

    async def save(self, incident: Incident) -> None:
        """The incident as it now is; hold its lock."""
        await _SAVE.run(self._conn, **_values(incident), saved=incident.id)

    async def mark_settled(self, incident_id: UUID, *, now: datetime) -> None:
        """Its pending alerts have just been counted."""
        await _MARK_SETTLED.run(self._conn, incident_id=incident_id, now=now)


def load(row: Any) -> Incident:
    """An incident from a row that begins with COLUMNS."""
    values: dict[str, Any] = dict(zip(NAMES, row, strict=False))
    values["severity"] = Severity(values["severity"])
    values["status"] = Status(values["status"])
    values["asked_severity"] = severity_or_none(values["asked_severity"])
    values["origin"] = Origin(values["origin"])
    return Incident(**values)


def _values(incident: Incident) -> dict[str, Any]:
    values = {name: getattr(incident, name) for name in NAMES}
    return {**values, "rank": _rank(incident)}


def _rank(incident: Incident) -> int:
    if not incident.is_open:
        return OVER
    return DRILL if incident.drill else incident.severity.rank


def _called(ref: UUID | int) -> Any:
    return incidents.c.number == ref if isinstance(ref, int) else incidents.c.id == ref
