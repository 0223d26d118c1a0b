"""Which incident a firing alert belongs to: decided once, with a reason that is kept and shown."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tocsin_incidents.domain.incident import Status
from tocsin_incidents.domain.rules import Rules
from tocsin_incidents.domain.severity import Severity


class Placement(StrEnum):
    """What is to be done with the alert."""

    OPEN = "open"
    JOIN = "join"
    REOPEN = "reopen"
    KEEP = "keep"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Candidate:
    """As much of an incident as it takes to decide."""

    incident_id: UUID
    severity: Severity
    status: Status
    opened_at: datetime
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when the alert comes: each the likeliest incident of its kind, or None.

    `own`: the one that this very occurrence already belongs to. `group`: the open one of its group, else the group's
    last. `service`: the open one of its service that was opened last.
    """

    own: Candidate | None = None
    group: Candidate | None = None
    service: Candidate | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`severity` is what to open with, or what to raise to; None where nothing is raised."""

    placement: Placement
    reason: str
    incident_id: UUID | None = None
    severity: Severity | None = None


def correlate(severity: Severity | None, known: Known, rules: Rules, *, now: datetime) -> Decision:
    """Place an alert that is firing. `severity` is what the service's map makes of it, None if it opens none."""
    if known.own is not None:
        return _again(severity, known.own, rules, now=now)
    if severity is None:
        return Decision(Placement.IGNORE, "severity_opens_none")
    group, service = known.group, known.service
    if group is not None and group.status.is_open:
        return _join(severity, group, "same_group")
    if group is not None and group.status is Status.RESOLVED and _ended_within(group, rules, now):
        return _reopen(severity, group, "alert_fired_again")
    if service is not None and service.status.is_open and now - service.opened_at < rules.join_window:
        return _join(severity, service, "same_service_in_window")
    return Decision(Placement.OPEN, _why_new(group), severity=severity)


def _again(severity: Severity | None, own: Candidate, rules: Rules, *, now: datetime) -> Decision:
    """The alert is told again. Still firing well after somebody called it resolved means that it is not."""
    if own.status.is_open:
        return Decision(Placement.KEEP, "already_joined", own.incident_id, _raised(severity, own))
    if severity is None:
        return Decision(Placement.IGNORE, "severity_opens_none")
    if _ended_within(own, rules, now):
        return Decision(Placement.KEEP, "resolved_moments_ago", own.incident_id)
    if own.status is Status.RESOLVED:
        return _reopen(severity, own, "alert_still_firing")
    return Decision(Placement.OPEN, "alert_still_firing", severity=severity)


def _ended_within(incident: Candidate, rules: Rules, now: datetime) -> bool:
    return incident.resolved_at is not None and now - incident.resolved_at < rules.reopen_window


def _raised(severity: Severity | None, incident: Candidate) -> Severity | None:
    """A graver alert raises its incident; a milder one never lowers it."""
    return severity if severity is not None and severity.graver_than(incident.severity) else None


def _join(severity: Severity, incident: Candidate, reason: str) -> Decision:
    return Decision(Placement.JOIN, reason, incident.incident_id, _raised(severity, incident))


def _reopen(severity: Severity, incident: Candidate, reason: str) -> Decision:
    return Decision(Placement.REOPEN, reason, incident.incident_id, _raised(severity, incident))


def _why_new(group: Candidate | None) -> str:
    if group is None:
        return "first_alert_of_group"
    return "previous_incident_closed" if group.status is Status.CLOSED else "reopen_window_passed"
