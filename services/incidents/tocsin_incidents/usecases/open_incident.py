"""An incident begins."""

from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.incidents import IncidentOpened
from tocsin_incidents.domain.incident import TOCSIN, Actor, Incident
from tocsin_incidents.domain.opening import Opening, opened
from tocsin_incidents.domain.timeline import Entry, Kind
from tocsin_incidents.domain.wording import WHY
from tocsin_incidents.store.alerts import Joined
from tocsin_incidents.store.incidents import Beginning, IncidentRepository, begun
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.record import announce, schedule_deadline
from tocsin_incidents.usecases.telling import snapshot
from tocsin_runtime.ids import new_id


async def open_incident(
    uow: UnitOfWork,
    desk: Desk,
    *,
    incident_id: UUID,
    opening: Opening,
    reason: str,
    actor: Actor = TOCSIN,
) -> Incident:
    """Number it, begin it and store it."""
    number = await IncidentRepository(uow.conn).next_number()
    new = begin(
        uow, desk, incident_id=incident_id, number=number, opening=opening, reason=reason, actor=actor
    )
    uow.write(*begun([new]))
    await uow.settle()
    return new.incident


def begin(
    uow: UnitOfWork,
    desk: Desk,
    *,
    incident_id: UUID,
    number: int,
    opening: Opening,
    reason: str,
    actor: Actor = TOCSIN,
    alert: Joined | None = None,
) -> Beginning:
    """Begin its story, tell the others, and watch its response deadline; to store it is left to the caller."""
    incident = opened(opening, desk.rules, incident_id=incident_id, number=number, now=uow.now)
    entry = _first_entry(uow, incident, reason=reason, actor=actor, alert=alert)
    uow.emit(
        IncidentOpened(
            incident=snapshot(incident, desk.rules),
            actor_id=actor.user_id,
            actor_name=actor.name,
            alert_ids=[alert.alert_id] if alert else [],
        )
    )
    schedule_deadline(uow, incident)
    announce(uow, incident.number)
    opened_total = desk.measures.opened.labels(str(incident.severity), str(incident.origin))
    uow.after_commit(opened_total.inc)
    return Beginning(incident, entry, alert)


def _first_entry(
    uow: UnitOfWork, incident: Incident, *, reason: str, actor: Actor, alert: Joined | None
) -> Entry:
    data: dict[str, object] = {"reason": reason, "severity": str(incident.severity)}
    title = (
        f"Declared {incident.severity}" if actor != TOCSIN else f"Opened {incident.severity}: {WHY[reason]}"
    )
    if alert is not None:
        data |= {"alert_ids": [str(alert.alert_id)], "group_id": str(alert.group_id)}
        title = f"Opened {incident.severity} for a {alert.severity} alert: {WHY[reason]}"
    return Entry(
        new_id(),
        incident.id,
        at=uow.now,
        kind=Kind.OPENED,
        title=title,
        text=incident.summary,
        actor=actor,
        data=data,
    )
