"""Which incident a firing alert belongs to: decided once, with a reason that is kept and shown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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
    service_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when the alert comes: each the likeliest incident of its kind, or None.

    `own`: the one that this very occurrence already belongs to. `group`: the open one of its group, else
    the group's last. `service`: the open one of its service that was opened last.
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


@dataclass(frozen=True, slots=True)
class Turn:
    """One of several alerts, each of another group. `opens_as` is the id of the incident that it would open."""

    severity: Severity | None
    known: Known
    opens_as: UUID
    service_id: UUID | None = None


def correlate_in_turn(turns: Sequence[Turn], *, rules: Rules, now: datetime) -> list[Decision]:
    """Place one after another: what is known of each was read before any, so what the earlier ones did is added."""
    reopened: dict[UUID, Candidate] = {}
    youngest: dict[UUID, Candidate] = {}
    decisions = []
    for turn in turns:
        group, service = turn.known.group, turn.known.service
        if group is not None:
            group = reopened.get(group.incident_id, group)
        if turn.service_id is not None:
            service = _younger(service, youngest.get(turn.service_id))
        decision = correlate(turn.severity, Known(group=group, service=service), rules=rules, now=now)
        moved: Candidate | None = None
        if decision.placement is Placement.OPEN and decision.severity is not None:
            moved = Candidate(
                turn.opens_as, decision.severity, Status.DETECTED, now, service_id=turn.service_id
            )
            decision = replace(decision, incident_id=turn.opens_as)
        elif decision.placement is Placement.REOPEN and group is not None:
            moved = reopened[group.incident_id] = replace(group, status=Status.DETECTED, resolved_at=None)
        if moved is not None and moved.service_id is not None:
            youngest[moved.service_id] = _younger(youngest.get(moved.service_id), moved) or moved
        decisions.append(decision)
    return decisions


def correlate(severity: Severity | None, known: Known, *, rules: Rules, now: datetime) -> Decision:
    """Place an alert that is firing. `severity` is what the service's map makes of it, None: no incident."""
    if known.own is not None:
        return _again(severity, known.own, rules=rules, now=now)
    if severity is None:
        return Decision(Placement.IGNORE, "severity_opens_none")
    group, service = known.group, known.service
    if group is not None and group.status.is_open:
        return _placed(Placement.JOIN, "same_group", severity=severity, incident=group)
    if group is not None and group.status is Status.RESOLVED and _ended_within(group, rules, now=now):
        return _placed(Placement.REOPEN, "alert_fired_again", severity=severity, incident=group)
    if service is not None and service.status.is_open and _within(rules.join_window, service.opened_at, now):
        return _placed(Placement.JOIN, "same_service_in_window", severity=severity, incident=service)
    return Decision(Placement.OPEN, _why_new(group), severity=severity)


def _again(severity: Severity | None, own: Candidate, *, rules: Rules, now: datetime) -> Decision:
    """The alert is told again. Still firing well after somebody called it resolved means that it is not."""
    if own.status.is_open:
        return _placed(Placement.KEEP, "already_joined", severity=severity, incident=own)
    if severity is None:
        return Decision(Placement.IGNORE, "severity_opens_none")
    if _ended_within(own, rules, now=now):
        return Decision(Placement.KEEP, "resolved_moments_ago", incident_id=own.incident_id)
    if own.status is Status.RESOLVED:
        return _placed(Placement.REOPEN, "alert_still_firing", severity=severity, incident=own)
    return Decision(Placement.OPEN, "alert_still_firing", severity=severity)


def _ended_within(incident: Candidate, rules: Rules, *, now: datetime) -> bool:
    return incident.resolved_at is not None and _within(rules.reopen_window, incident.resolved_at, now)


def _placed(placement: Placement, reason: str, *, severity: Severity | None, incident: Candidate) -> Decision:
    """A graver alert raises its incident; a milder one never lowers it."""
    raised = severity if severity is not None and severity.graver_than(incident.severity) else None
    return Decision(placement, reason, incident_id=incident.incident_id, severity=raised)


def _younger(one: Candidate | None, other: Candidate | None) -> Candidate | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda candidate: candidate.opened_at)


def _why_new(group: Candidate | None) -> str:
    if group is None:
        return "first_alert_of_group"
    return "previous_incident_closed" if group.status is Status.CLOSED else "reopen_window_passed"


def _within(window: timedelta, moment: datetime, now: datetime) -> bool:
    """Zero means never, also for what a transaction that began later has written already."""
    return window > timedelta(0) and now - moment < window
