"""What an event says of an incident: what of it is taken over, what the world and what the thread is told."""

from dataclasses import dataclass
from uuid import UUID

from tocsin_bus.subscriptions import Heard
from tocsin_bus.unit_of_work import Cause
from tocsin_comms.domain.chat import ChatMessage, escape, reply, worth_an_edit
from tocsin_comms.domain.incident import Incident
from tocsin_comms.domain.revision import Posted
from tocsin_comms.domain.states import Severity
from tocsin_events.incidents import Incident as ToldIncident
from tocsin_events.incidents import (
    IncidentAcknowledged,
    IncidentAlertJoined,
    IncidentAssigned,
    IncidentClosed,
    IncidentDetailsChanged,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentResponseOverdue,
    IncidentSeverityChanged,
    IncidentStatusChanged,
    IncidentUpdatePosted,
)
from tocsin_events.pages import EscalationExhausted, PageUndeliverable
from tocsin_runtime.text import clean

TELLING = (
    IncidentOpened, IncidentAcknowledged, IncidentAssigned, IncidentStatusChanged, IncidentDetailsChanged,
    IncidentAlertJoined, IncidentUpdatePosted, IncidentSeverityChanged, IncidentResponseOverdue,
    IncidentResolved, IncidentReopened, IncidentClosed, EscalationExhausted, PageUndeliverable,
)  # fmt: skip
"""The events that say something of an incident."""


@dataclass(frozen=True, slots=True)
class News:
    """What one event says. Without `incident` another service tells it, and only the thread hears of it.

    `silently` leaves the chat message as it is: the next edit will tell.
    """

    incident_id: UUID
    cause: Cause
    incident: Incident | None = None
    posted: Posted | None = None
    reply: ChatMessage | None = None
    silently: bool = False


def news_of(heard: Heard) -> News:
    """What there is to do about an event of TELLING."""
    event = heard.event
    if isinstance(event, EscalationExhausted | PageUndeliverable):
        return News(event.incident_id, heard.cause, reply=_of_pages(event))
    incident = incident_of(event.incident)
    match event:
        case IncidentAlertJoined():
            return News(incident.id, heard.cause, incident, silently=not worth_an_edit(incident.alert_count))
        case IncidentUpdatePosted():
            body = clean(event.body)
            posted = Posted(event.update_id, body, event.posted_at) if event.public else None
            return News(incident.id, heard.cause, incident, posted=posted, reply=_of_update(event, body))
        case _:
            return News(incident.id, heard.cause, incident, reply=_of_course(event))


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


def _of_update(event: IncidentUpdatePosted, body: str) -> ChatMessage:
    who = f"*{escape(clean(event.actor_name))}*" if event.actor_name else "Somebody"
    return reply(f":memo: {who} posted {'a public update' if event.public else 'an update'}", body=body)


def _of_course(event: object) -> ChatMessage | None:
    """What the thread is told of the incident's course, beside what the one message shows."""
    match event:
        case IncidentSeverityChanged():
            words = f"Severity changed from {event.previous.value} to *{event.incident.severity.value}*"
            return reply(words, body=clean(event.reason))
        case IncidentResolved():
            how = "all its alerts cleared" if event.reason == "alerts_cleared" else "resolved by hand"
            return reply(f":white_check_mark: Resolved: {how}", body=clean(event.resolution))
        case IncidentReopened():
            return reply(":rotating_light: Reopened", body=clean(event.reason))
        case IncidentResponseOverdue():
            return reply(":warning: The response deadline passed and nobody has acknowledged")
        case _:
            return None


def _of_pages(event: EscalationExhausted | PageUndeliverable) -> ChatMessage:
    """What the team must know about paging."""
    if isinstance(event, EscalationExhausted):
        return reply(f":warning: Nobody answered: every step was paged {event.rounds} times")
    unreached = f"Step {event.step} of the escalation reached nobody"
    uncovered = "No escalation policy covers it: every administrator is paged"
    return reply(f":warning: {unreached if event.step else uncovered}", body=clean(event.reason))
