"""Taking over what the incidents service tells:

the copy, the promise of an update, the report and the chat message.
"""

from dataclasses import replace
from datetime import datetime

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_comms.domain.cadence import Promise, promised
from tocsin_comms.domain.chat import ChatMessage
from tocsin_comms.domain.incident import Incident
from tocsin_comms.domain.revision import Posted
from tocsin_comms.domain.states import Severity
from tocsin_comms.store.incidents import Followed, IncidentRepository
from tocsin_comms.usecases.chat import edit_summary, reply_in_thread
from tocsin_comms.usecases.report import keep_report
from tocsin_comms.usecases.rules import Rules
from tocsin_events.incidents import Incident as ToldIncident
from tocsin_runtime.text import clean

REMINDER = "update_reminder"


async def follow(
    uow: UnitOfWork,
    told: ToldIncident,
    *,
    rules: Rules,
    posted: Posted | None = None,
    reply: ChatMessage | None = None,
    silently: bool = False,
) -> None:
    """Bring all that comms says of an incident up to what was told, in one transaction with the row locked.

    An event older than the copy does not turn it back, but what was said with it is still said. `silently`
    leaves the chat message as it is: the next edit will tell.
    """
    followed = await _locked(uow, incident_of(told))
    fresh = followed.incident if told.version < followed.incident.version else incident_of(told)
    promise = promised(followed.promise, _due(fresh), now=uow.now)
    await keep_promise(uow, followed, replace(followed, incident=fresh, promise=promise))
    await keep_report(uow, fresh, rules=rules, posted=posted)
    if not silently:
        await edit_summary(uow, fresh.id, rules=rules)
    if reply is not None:
        await reply_in_thread(uow, fresh, reply, kind="reply", rules=rules)
    uow.announce("comms")


async def keep_promise(uow: UnitOfWork, before: Followed, after: Followed) -> None:
    """Save, and set the timer that stands for a promise that is new."""
    if after != before:
        await IncidentRepository(uow.conn).save(after)
    promise = after.promise
    if promise.due_at is not None and promise.generation != before.promise.generation:
        set_reminder(uow, after)


def set_reminder(uow: UnitOfWork, followed: Followed) -> None:
    """The durable timer of the promise that stands now."""
    promise = followed.promise
    if promise.due_at is not None:
        uow.schedule(REMINDER, followed.incident.id, promise.due_at, generation=promise.generation)


def incident_of(told: ToldIncident) -> Incident:
    """The event's incident as the domain knows it."""
    return Incident(
        id=told.incident_id,
        number=told.number,
        version=told.version,
        title=clean(told.title),
        severity=Severity(told.severity.value),
        status=told.status.value,
        opened_at=told.opened_at,
        service_id=told.service_id,
        service=clean(told.service) if told.service else None,
        assignee_id=told.assignee_id,
        public=told.public,
        drill=told.drill,
        acknowledged_at=told.acknowledged_at,
        identified_at=told.identified_at,
        resolved_at=told.resolved_at,
        update_due_at=told.next_update_due_at,
        alert_count=told.alert_count,
    )


def _due(incident: Incident) -> datetime | None:
    return None if incident.over else incident.update_due_at


async def _locked(uow: UnitOfWork, incident: Incident) -> Followed:
    """The followed incident; one that comms hears of for the first time is followed from here on."""
    repository = IncidentRepository(uow.conn)
    known = await repository.lock(incident.id)
    if known is not None:
        return known
    followed = Followed(incident, Promise(incident.opened_at, _due(incident), generation=1))
    if await repository.begin(followed):
        set_reminder(uow, followed)
        return followed
    others = await repository.lock(incident.id)
    assert others is not None, "its row was written by another transaction just now"
    return others
