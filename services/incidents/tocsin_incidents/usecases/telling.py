"""From the domain's values to the events that other services hear."""

from dataclasses import dataclass, fields
from typing import Any

from tocsin_events.incidents import Incident as TheirIncident
from tocsin_events.incidents import (
    IncidentAcknowledged,
    IncidentAssigned,
    IncidentClosed,
    IncidentDetailsChanged,
    IncidentEvent,
    IncidentReopened,
    IncidentResolved,
    IncidentResponseOverdue,
    IncidentSeverityChanged,
    IncidentStatus,
    IncidentStatusChanged,
    Severity,
)
from tocsin_incidents.domain.incident import Actor, Incident
from tocsin_incidents.domain.lifecycle import Fact
from tocsin_incidents.domain.rules import Rules


@dataclass(frozen=True, slots=True)
class Words:
    """What is told beside the bare fact: a person's own `text`, another `title` than usual, `data` for programs.

    `fields` names what was corrected. `from_paging`: paging told of it, and has acted on it.
    """

    text: str = ""
    title: str = ""
    data: dict[str, object] | None = None
    fields: tuple[str, ...] = ()
    from_paging: bool = False


def snapshot(incident: Incident, rules: Rules) -> TheirIncident:
    """The whole incident as events carry it."""
    ours = {field.name: getattr(incident, field.name) for field in fields(Incident)}
    return TheirIncident(incident_id=incident.id, url=rules.url(incident.ref), **ours)


def event_of(
    fact: Fact, before: Incident, *, after: TheirIncident, actor: Actor, reason: str, words: Words
) -> IncidentEvent:
    """The event that tells a fact; `reason` is the decision's."""
    told: dict[str, Any] = {"incident": after, "actor_id": actor.user_id, "actor_name": actor.name}
    match fact:
        case Fact.ACKNOWLEDGED:
            return IncidentAcknowledged(**told, from_paging=words.from_paging)
        case Fact.STATUS_CHANGED:
            return IncidentStatusChanged(**told, previous=IncidentStatus(before.status))
        case Fact.SEVERITY_CHANGED:
            return IncidentSeverityChanged(
                **told, previous=Severity(before.severity), reason=words.text or reason
            )
        case Fact.ASSIGNED:
            return IncidentAssigned(**told, previous_assignee_id=before.assignee_id)
        case Fact.DETAILS_CHANGED:
            return IncidentDetailsChanged(**told, fields=list(words.fields))
        case Fact.RESPONSE_OVERDUE:
            return IncidentResponseOverdue(**told)
        case Fact.RESOLVED:
            return IncidentResolved(**told, reason=reason, resolution=words.text)
        case Fact.REOPENED:
            return IncidentReopened(**told, reason=words.text or reason)
        case Fact.CLOSED:
            return IncidentClosed(**told)
