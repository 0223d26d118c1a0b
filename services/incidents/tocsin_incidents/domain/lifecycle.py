"""The lifecycle: which way an incident may go, and what each step makes of it.

Every function takes the incident as it is and returns a decision. A step that is not allowed raises
NotAllowed with a sentence that says what to do. Doing again what is already so is no error: it changes nothing,
and says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tocsin_incidents.domain.errors import NotAllowed
from tocsin_incidents.domain.incident import Actor, Incident, Status
from tocsin_incidents.domain.rules import Rules
from tocsin_incidents.domain.severity import Limits, Severity, moved_deadline

TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    status: frozenset(after for after in Status if after.place > status.place and after is not Status.CLOSED)
    for status in Status
    if status.is_open
} | {Status.RESOLVED: frozenset({Status.CLOSED}), Status.CLOSED: frozenset()}
"""Forwards, steps may be skipped; only what is resolved can be closed; backwards only by reopening."""


class Fact(StrEnum):
    """What an accepted step is told as."""

    ACKNOWLEDGED = "acknowledged"
    STATUS_CHANGED = "status_changed"
    SEVERITY_CHANGED = "severity_changed"
    ASSIGNED = "assigned"
    DETAILS_CHANGED = "details_changed"
    RESPONSE_OVERDUE = "response_overdue"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Decision:
    """The incident afterwards and the named reason. `fact` is None when nothing changed."""

    after: Incident
    reason: str
    fact: Fact | None = None

    @property
    def changed(self) -> bool:
        return self.fact is not None


def _over(incident: Incident) -> Decision:
    return Decision(incident, reason=f"already_{incident.status}")


def acknowledge(incident: Incident, by: Actor, *, now: datetime) -> Decision:
    """Somebody takes it. The first acknowledgement counts; one that expired may be given again."""
    if not incident.is_open:
        return _over(incident)
    if incident.acknowledged_at is not None and not incident.acknowledgement_expired:
        return Decision(incident, reason="already_acknowledged")
    after = replace(
        incident,
        status=Status.ACKNOWLEDGED if incident.status is Status.DETECTED else incident.status,
        acknowledged_at=incident.acknowledged_at or now,
        acknowledgement_expired=False,
        assignee_id=by.user_id or incident.assignee_id,
    )
    reason = "acknowledged_again" if incident.acknowledged_at else "acknowledged"
    return Decision(after, reason, fact=Fact.ACKNOWLEDGED)


def expire_acknowledgement(incident: Incident) -> Incident:
    """Acknowledged, then silent for too long, or graver since: nobody has it, and the next one counts again.

    What has gone on beyond being acknowledged stays where it is; the time of the first acknowledgement stays, too.
    """
    if not incident.is_open or incident.acknowledged_at is None:
        return incident
    status = Status.DETECTED if incident.status is Status.ACKNOWLEDGED else incident.status
    return replace(incident, status=status, acknowledgement_expired=True)


def advance(incident: Incident, to: Status, *, by: Actor, now: datetime) -> Decision:
    """Go on by hand to any later state. Ask `skips_acknowledgement` first: who goes on has acknowledged."""
    if to is incident.status:
        return Decision(incident, reason="already_there")
    if to not in TRANSITIONS[incident.status]:
        raise NotAllowed(_way_back(incident, to))
    if to is Status.ACKNOWLEDGED:
        return acknowledge(incident, by, now=now)
    if to is Status.RESOLVED:
        return resolve(incident, now=now, reason="by_hand")
    if to is Status.CLOSED:
        return close(incident, now=now)
    passed_mitigation = to.place >= Status.MITIGATED.place
    mitigated_at = incident.mitigated_at or (now if passed_mitigation else None)
    after = replace(incident, status=to, mitigated_at=mitigated_at)
    return Decision(after, "by_hand", fact=Fact.STATUS_CHANGED)


def skips_acknowledgement(incident: Incident, to: Status) -> bool:
    """Whether going on to `to` shows that somebody answered who has not said so."""
    waiting = incident.acknowledged_at is None or incident.acknowledgement_expired
    by_doing = to in (Status.INVESTIGATING, Status.MITIGATED, Status.RECOVERING)
    return waiting and by_doing and to in TRANSITIONS[incident.status]


def _way_back(incident: Incident, to: Status) -> str:
    stands = f"{incident.ref} is {incident.status}"
    if to is Status.CLOSED:
        return f"{stands}. Resolve it first, then close it."
    if incident.status.place < Status.MITIGATED.place:
        return f"{stands} and does not go back to {to}. Add a note to say what changed."
    return f"{stands} and does not go back to {to}. Reopen it with a reason instead."


def resolve(incident: Incident, *, now: datetime, reason: str) -> Decision:
    """It is over; it beats every acknowledgement. `reason` is by_hand or alerts_cleared."""
    if not incident.is_open:
        return _over(incident)
    after = replace(incident, status=Status.RESOLVED, resolved_at=now, next_update_due_at=None)
    return Decision(after, reason, fact=Fact.RESOLVED)


def reopen(incident: Incident, rules: Rules, *, now: datetime, reason: str) -> Decision:
    """It was not over. A resolved or closed one begins anew: somebody has to take it, within its limit.

    One that was only mitigated goes back to investigating and stays with those who have it.
    """
    if incident.is_open:
        if incident.status.place < Status.MITIGATED.place:
            return Decision(incident, reason="already_open")
        back = replace(incident, status=Status.INVESTIGATING, mitigated_at=None)
        return Decision(back, "mitigation_failed", fact=Fact.STATUS_CHANGED)
    after = replace(
        incident,
        status=Status.DETECTED,
        reopened_at=now,
        response_due_at=now + rules.response_limits[incident.severity],
        next_update_due_at=now + rules.update_every[incident.severity],
        acknowledged_at=None,
        acknowledgement_expired=False,
        mitigated_at=None,
        resolved_at=None,
        closed_at=None,
        overdue_at=None,
    )
    return Decision(after, reason, fact=Fact.REOPENED)


def close(incident: Incident, *, now: datetime) -> Decision:
    """Nothing more is to be done."""
    if incident.status is Status.CLOSED:
        return _over(incident)
    if Status.CLOSED not in TRANSITIONS[incident.status]:
        raise NotAllowed(_way_back(incident, Status.CLOSED))
    return Decision(replace(incident, status=Status.CLOSED, closed_at=now), "by_hand", fact=Fact.CLOSED)


def assign(incident: Incident, to: UUID | None) -> Decision:
    """Give it to somebody, or to nobody."""
    if incident.status is Status.CLOSED:
        raise NotAllowed(f"{incident.ref} is closed. Reopen it with a reason before you assign it.")
    if incident.assignee_id == to:
        return Decision(incident, reason="already_assigned")
    return Decision(replace(incident, assignee_id=to), "by_hand", fact=Fact.ASSIGNED)


def change_severity(
    incident: Incident, to: Severity, *, limits: Limits, now: datetime, reason: str
) -> Decision:
    """Graver or milder; while nobody has acknowledged, the response deadline moves with it."""
    if incident.status is Status.CLOSED:
        raise NotAllowed(f"{incident.ref} is closed. Reopen it with a reason before you change its severity.")
    if incident.severity is to:
        return Decision(incident, reason="already_that_severity")
    due_at = incident.response_due_at
    if incident.is_open and incident.acknowledged_at is None:
        due_at = moved_deadline(incident.response, limits, before=incident.severity, after=to, now=now)
    overdue_at = incident.overdue_at if due_at <= now else None
    after = replace(incident, severity=to, response_due_at=due_at, overdue_at=overdue_at)
    return Decision(after, reason, fact=Fact.SEVERITY_CHANGED)


def pass_deadline(incident: Incident, due_at: datetime, *, now: datetime) -> Decision:
    """A response deadline's timer fired; it counts if it still is the deadline and nobody has answered."""
    if not incident.is_open:
        return Decision(incident, reason=f"already_{incident.status}")
    if incident.acknowledged_at is not None:
        return Decision(incident, reason="already_acknowledged")
    if incident.response_due_at != due_at:
        return Decision(incident, reason="deadline_moved")
    if incident.overdue_at is not None:
        return Decision(incident, reason="already_overdue")
    return Decision(replace(incident, overdue_at=now), "not_acknowledged_in_time", fact=Fact.RESPONSE_OVERDUE)
