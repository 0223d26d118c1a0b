"""Updates for the world, notes for the team."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.incidents import IncidentNoteAdded, IncidentUpdatePosted
from tocsin_incidents.domain.errors import NotAllowed
from tocsin_incidents.domain.incident import Actor, Incident, Ref, Status
from tocsin_incidents.domain.timeline import Entry, Kind
from tocsin_incidents.store.timeline import TimelineRepository
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.record import Check, save_next, take
from tocsin_incidents.usecases.telling import snapshot
from tocsin_runtime.ids import new_id


async def post_update(
    uow: UnitOfWork,
    desk: Desk,
    *,
    ref: Ref,
    body: str,
    public: bool,
    actor: Actor,
    next_due_at: datetime | None = None,
    check: Check | None = None,
) -> tuple[Incident, Entry]:
    """Write an update; a public one goes to the status page. Promises the next one while the incident is open."""
    incident = await take(uow, ref, check=check)
    if incident.status is Status.CLOSED:
        raise NotAllowed(f"{incident.ref} is closed. Reopen it with a reason, or add a note.")
    promised = (
        (next_due_at or uow.now + desk.rules.update_every[incident.severity]) if incident.is_open else None
    )
    after = await save_next(uow, replace(incident, next_update_due_at=promised))
    public = public and not incident.drill
    entry = _entry(uow, after.id, kind=Kind.UPDATE, body=body, actor=actor, data={"public": public})
    await TimelineRepository(uow.conn).add(entry)
    uow.emit(
        IncidentUpdatePosted(
            incident=snapshot(after, desk.rules),
            actor_id=actor.user_id,
            actor_name=actor.name,
            update_id=entry.id,
            body=body,
            public=public,
            posted_at=uow.now,
            next_due_at=promised,
        )
    )
    return after, entry


async def add_note(
    uow: UnitOfWork, desk: Desk, *, ref: Ref, body: str, actor: Actor, check: Check | None = None
) -> tuple[Incident, Entry]:
    """Write a note for the team; possible at any time, also when all is over."""
    after = await save_next(uow, await take(uow, ref, check=check))
    entry = _entry(uow, after.id, kind=Kind.NOTE, body=body, actor=actor, data={})
    await TimelineRepository(uow.conn).add(entry)
    uow.emit(
        IncidentNoteAdded(
            incident=snapshot(after, desk.rules),
            actor_id=actor.user_id,
            actor_name=actor.name,
            note_id=entry.id,
            body=body,
        )
    )
    return after, entry


def _entry(
    uow: UnitOfWork, incident_id: UUID, *, kind: Kind, body: str, actor: Actor, data: dict[str, object]
) -> Entry:
    title = {Kind.UPDATE: "Posted an update", Kind.NOTE: "Added a note"}[kind]
    return Entry(new_id(), incident_id, at=uow.now, kind=kind, title=title, text=body, actor=actor, data=data)
