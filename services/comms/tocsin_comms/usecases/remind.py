"""What a due update reminder does."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_comms.domain.cadence import fire
from tocsin_comms.domain.chat import reminder
from tocsin_comms.store.incidents import IncidentRepository
from tocsin_comms.usecases.chat import edit_summary, person, reply_in_thread
from tocsin_comms.usecases.follow import set_reminder
from tocsin_comms.usecases.rules import Rules
from tocsin_events.status import UpdateOverdue


async def remind(
    uow: UnitOfWork, incident_id: UUID, *, generation: int, due_at: datetime, rules: Rules
) -> str:
    """Tell everybody that the promised update did not come, unless it did.

    Returns the reason of what was done.
    """
    followed = await IncidentRepository(uow.conn).lock(incident_id)
    if followed is None:
        return "incident_not_known"
    incident = followed.incident
    interval = rules.cadence.interval(incident.severity)
    decision = fire(followed.promise, generation=generation, due_at=due_at, now=uow.now, interval=interval)
    if not decision.remind:
        return decision.reason
    followed = replace(followed, promise=decision.promise)
    set_reminder(uow, followed)
    uow.emit(UpdateOverdue(incident_id=incident_id, due_at=due_at))
    since = decision.promise.overdue_since or due_at
    message = reminder(
        incident,
        await person(uow, incident.assignee_id),
        base_url=rules.base_url,
        late=uow.now - since,
    )
    await reply_in_thread(uow, incident, message, kind="reminder", rules=rules)
    followed = await edit_summary(uow, followed, rules=rules)
    await IncidentRepository(uow.conn).save([followed])
    uow.announce("comms")
    return decision.reason
