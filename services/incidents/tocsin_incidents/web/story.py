"""How an incident's state and its timeline are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tocsin_incidents.domain.incident import Incident, Status
from tocsin_incidents.domain.lifecycle import TRANSITIONS
from tocsin_incidents.domain.timeline import Kind

Look = tuple[str, str]
"""An icon and a tone."""

LOOKS: Mapping[Kind, Look] = {
    Kind.OPENED: ("siren", "red"),
    Kind.ALERTS_JOINED: ("bell-ring", "orange"),
    Kind.ALERTS_CLEARED: ("bell-off", "green"),
    Kind.ACKNOWLEDGED: ("eye", "violet"),
    Kind.STATUS_CHANGED: ("arrow-right", "teal"),
    Kind.SEVERITY_CHANGED: ("gauge", "amber"),
    Kind.ASSIGNED: ("user-check", "indigo"),
    Kind.DETAILS_CHANGED: ("pencil", "neutral"),
    Kind.RESPONSE_OVERDUE: ("alarm-clock", "red"),
    Kind.RESOLVED: ("circle-check", "green"),
    Kind.REOPENED: ("rotate-ccw", "red"),
    Kind.CLOSED: ("archive", "slate"),
    Kind.UPDATE: ("megaphone", "indigo"),
    Kind.NOTE: ("message-square", "neutral"),
    Kind.PAGE_SENT: ("mail", "slate"),
    Kind.PAGE_FAILED: ("circle-x", "red"),
    Kind.PAGE_UNDELIVERABLE: ("user-minus", "red"),
    Kind.PAGE_ACKNOWLEDGED: ("check-check", "violet"),
    Kind.ACKNOWLEDGEMENT_EXPIRED: ("hourglass", "amber"),
    Kind.ESCALATION_EXHAUSTED: ("octagon-alert", "red"),
}
"""Of every kind of entry."""

StepState = Literal["done", "current", "todo", "skipped"]
Step = tuple[str, datetime | None, StepState]


def steps(incident: Incident, moved_at: Mapping[str, datetime]) -> list[Step]:
    """The lifecycle as a row of steps with their times. `moved_at` is when it was moved by hand, by state."""
    times = {
        Status.DETECTED: incident.started_at,
        Status.ACKNOWLEDGED: incident.acknowledged_at,
        Status.INVESTIGATING: moved_at.get(Status.INVESTIGATING),
        Status.MITIGATED: incident.mitigated_at,
        Status.RECOVERING: moved_at.get(Status.RECOVERING),
        Status.RESOLVED: incident.resolved_at,
        Status.CLOSED: incident.closed_at,
    }
    return [(status.capitalize(), *_step(status, incident.status, times[status])) for status in Status]


def _step(status: Status, current: Status, at: datetime | None) -> tuple[datetime | None, StepState]:
    if status is current:
        return at, "current"
    if status.place > current.place:
        return None, "todo"
    return at, "done" if at else "skipped"


@dataclass(frozen=True, slots=True)
class NextStep:
    """What a responder most likely presses next: a button, where it posts, and what with."""

    label: str
    action: str
    icon: str
    key: str
    fields: Mapping[str, str]


def next_step(incident: Incident) -> NextStep | None:
    """The one next action of a state; None once it is over."""
    if incident.is_open and (incident.acknowledged_at is None or incident.acknowledgement_expired):
        return NextStep("Acknowledge", "acknowledge", "eye", "a", {})
    match incident.status:
        case Status.ACKNOWLEDGED:
            return NextStep("Investigate", "status", "microscope", "n", {"status": Status.INVESTIGATING})
        case Status.INVESTIGATING:
            return NextStep("Mark mitigated", "status", "shield-check", "n", {"status": Status.MITIGATED})
        case Status.MITIGATED:
            return NextStep("Mark recovering", "status", "heart-pulse", "n", {"status": Status.RECOVERING})
        case _:
            return None


def later_states(incident: Incident) -> list[tuple[str, str]]:
    """Where it may go by hand, as options of a form; resolving and closing have buttons of their own."""
    by_button = {Status.ACKNOWLEDGED, Status.RESOLVED, Status.CLOSED}
    after = [status for status in Status if status in TRANSITIONS[incident.status] - by_button]
    return [(str(status), status.capitalize()) for status in after]
