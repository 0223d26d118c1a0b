"""The response deadline passes."""

from datetime import datetime
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_incidents.domain.lifecycle import pass_deadline
from tocsin_incidents.store.incidents import IncidentRepository
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.record import record


async def watch_deadline(uow: UnitOfWork, desk: Desk, *, incident_id: UUID, due_at: datetime) -> str:
    """Tell that nobody has acknowledged, if that is so and this still is the deadline. Returns the reason."""
    incident = await IncidentRepository(uow.conn).lock(incident_id)
    if incident is None:
        return "unknown_incident"
    decision = pass_deadline(incident, due_at, now=uow.now)
    return (await record(uow, desk, before=incident, decision=decision)).reason
