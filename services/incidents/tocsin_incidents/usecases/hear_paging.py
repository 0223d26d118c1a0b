"""What paging did for an incident, told in its timeline; an acknowledgement also moves the incident."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tocsin_access.directory import Directory
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.incidents import IncidentStatus, IncidentStatusChanged
from tocsin_incidents.domain.incident import TOCSIN, Actor, Incident
from tocsin_incidents.domain.lifecycle import acknowledge, expire_acknowledgement
from tocsin_incidents.domain.timeline import Entry, Kind
from tocsin_incidents.domain.wording import acknowledgement_lapsed
from tocsin_incidents.store.alerts import AlertRepository
from tocsin_incidents.store.incidents import IncidentRepository
from tocsin_incidents.store.timeline import TimelineRepository
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.record import announce, record, save_next
from tocsin_incidents.usecases.telling import Words, snapshot
from tocsin_runtime.ids import new_id

UNKNOWN = "unknown_incident"


@dataclass(frozen=True, slots=True)
class Note:
    """One line for the timeline of an incident, which itself stays as it is."""

    incident_id: UUID
    kind: Kind
    title: str
    text: str = ""
    data: dict[str, object] = field(default_factory=dict)


async def note_all(uow: UnitOfWork, *notes: Note) -> None:
    """Add the lines in order; those of unknown incidents are left out."""
    entries = [
        Entry(
            new_id(),
            note.incident_id,
            at=uow.now,
            kind=note.kind,
            title=note.title,
            text=note.text,
            data=note.data,
        )
        for note in notes
    ]
    for number in await TimelineRepository(uow.conn).add_known(entries):
        announce(uow, number)


async def take_senders_acknowledgement(uow: UnitOfWork, desk: Desk, *, alert_id: UUID, source: str) -> str:
    """The monitoring tool says that somebody has the alert: so has the incident, nobody of ours by name."""
    placed = await AlertRepository(uow.conn).incident_of(alert_id)
    if placed is None:
        return UNKNOWN
    actor = Actor(None, source)
    incident = await IncidentRepository(uow.conn).lock(placed.incident_id)
    if incident is None:
        return UNKNOWN
    words = Words(data={"via": "alert"})
    return await _take(uow, desk, incident=incident, actor=actor, words=words, at=uow.now)


async def take_acknowledgement(
    uow: UnitOfWork, desk: Desk, *, incident_id: UUID, actor: Actor, via: str, at: datetime
) -> str:
    """A paged responder answered and has the incident now. Returns the decision's reason.

    What was given before the incident was reopened is past: its people are being paged anew.
    """
    incident = await IncidentRepository(uow.conn).lock(incident_id)
    if incident is None:
        return UNKNOWN
    if incident.reopened_at is not None and at < incident.reopened_at:
        return "given_before_it_was_reopened"
    words = Words(data={"via": via}, from_paging=True)
    return await _take(uow, desk, incident=incident, actor=actor, words=words, at=at)


async def _take(
    uow: UnitOfWork, desk: Desk, *, incident: Incident, actor: Actor, words: Words, at: datetime
) -> str:
    decision = acknowledge(incident, actor, now=min(at, uow.now))
    if decision.changed:
        await record(uow, desk, before=incident, decision=decision, actor=actor, words=words)
    elif actor.user_id != incident.assignee_id:
        await _add(
            uow,
            incident,
            kind=Kind.PAGE_ACKNOWLEDGED,
            title="Acknowledged too",
            actor=actor,
            data={**(words.data or {}), "reason": decision.reason},
        )
        announce(uow, incident.number)
    return decision.reason


async def lapse_acknowledgement(
    uow: UnitOfWork, desk: Desk, *, incident_id: UUID, user_id: UUID | None, reason: str
) -> str:
    """An acknowledgement no longer holds, for the event's reason: the next one counts anew. Returns what came of it."""
    incident = await IncidentRepository(uow.conn).lock(incident_id)
    if incident is None:
        return UNKNOWN
    lapsed = expire_acknowledgement(incident)
    if lapsed == incident:
        return "does_not_apply"
    lapsed = await save_next(uow, lapsed)
    person = await Directory(uow.conn).user(user_id) if user_id else None
    title = acknowledgement_lapsed(person.name if person else None, reason)
    data: dict[str, object] = {"reason": reason, "status": str(lapsed.status)}
    await _add(uow, lapsed, kind=Kind.ACKNOWLEDGEMENT_EXPIRED, title=title, data=data)
    if lapsed.status is not incident.status:
        told = snapshot(lapsed, desk.rules)
        uow.emit(IncidentStatusChanged(incident=told, previous=IncidentStatus(incident.status)))
    return "expired"


async def _add(
    uow: UnitOfWork,
    incident: Incident,
    *,
    kind: Kind,
    title: str,
    data: dict[str, object],
    actor: Actor = TOCSIN,
) -> None:
    entry = Entry(new_id(), incident.id, at=uow.now, kind=kind, title=title, actor=actor, data=data)
    await TimelineRepository(uow.conn).add(entry)
