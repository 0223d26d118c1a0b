"""Which incident a firing alert belongs to: decided once, with a reason that is kept and shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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
    asked_severity: Severity | None = None


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
    """One of several alerts, each of another group. `opens_as` is the id of the incident that it would open.

    `was_of`: the incidents that its group has belonged to. One that is reopened takes the group back.
    """

    severity: Severity | None
    known: Known
    opens_as: UUID
    service_id: UUID | None = None
    was_of: frozenset[UUID] = frozenset()


@dataclass(slots=True)
class _SoFar:
    """What the earlier turns have done: incidents as they are since, and which of them began for which service."""

    changed: dict[UUID, Candidate] = field(default_factory=dict)
    reopened: list[UUID] = field(default_factory=list)
    youngest: dict[UUID, Candidate] = field(default_factory=dict)

    def known(self, turn: Turn) -> Known:
        """What this turn would find, had it looked only now."""
        begun = self.youngest.get(turn.service_id) if turn.service_id is not None else None
        service = _younger(self._now(turn.known.service), self._now(begun))
        return Known(group=self._group(turn), service=service)

    def _group(self, turn: Turn) -> Candidate | None:
        group = turn.known.group
        if group is None or group.status.is_open:
            return self._now(group)
        # The first that was reopened has the group: from then on it had an open incident.
        was_of = turn.was_of | {group.incident_id}
        back = next((incident_id for incident_id in self.reopened if incident_id in was_of), None)
        return self.changed[back] if back is not None else group

    def _now(self, candidate: Candidate | None) -> Candidate | None:
        return candidate and self.changed.get(candidate.incident_id, candidate)

    def add(self, turn: Turn, known: Known, decision: Decision, *, now: datetime) -> None:
        """Remember what this decision makes of its incident."""
        after = _after(turn, known, decision, now=now)
        if after is None:
            return
        self.changed[after.incident_id] = after
        if decision.placement is Placement.REOPEN:
            self.reopened.append(after.incident_id)
        if decision.placement is not Placement.JOIN and after.service_id is not None:
            self.youngest[after.service_id] = _younger(self.youngest.get(after.service_id), after) or after


def correlate_in_turn(turns: Sequence[Turn], *, rules: Rules, now: datetime) -> list[Decision]:
    """Place one after another: what is known of each was read before any, so what the earlier ones did is added."""
    so_far, decisions = _SoFar(), []
    for turn in turns:
        known = so_far.known(turn)
        decision = correlate(turn.severity, known, rules=rules, now=now)
        if decision.placement is Placement.OPEN:
            decision = replace(decision, incident_id=turn.opens_as)
        so_far.add(turn, known, decision, now=now)
        decisions.append(decision)
    return decisions


def _after(turn: Turn, known: Known, decision: Decision, *, now: datetime) -> Candidate | None:
    """The incident as the decision leaves it; None where there is none."""
    incident_id, severity = decision.incident_id, decision.severity
    if decision.placement is Placement.OPEN and incident_id is not None and severity is not None:
        return Candidate(
            incident_id,
            severity,
            Status.DETECTED,
            now,
            service_id=turn.service_id,
            asked_severity=severity,
        )
    for before in (known.group, known.service):
        if before is not None and before.incident_id == incident_id:
            again = decision.placement is Placement.REOPEN
            moved = replace(before, status=Status.DETECTED, resolved_at=None) if again else before
            if severity is None:
                return moved
            return replace(moved, severity=severity, asked_severity=severity)
    return None


def correlate(severity: Severity | None, known: Known, *, rules: Rules, now: datetime) -> Decision:
    """Place an alert that is firing. `severity` is what the service's map makes of it, None: no incident."""
    if known.own is not None:
        return _again(severity, known.own, known.group, rules=rules, now=now)
    if severity is None:
        return Decision(Placement.IGNORE, "severity_opens_none")
    group, service = known.group, known.service
    if group is not None and group.status.is_open:
        return _placed(Placement.JOIN, "same_group", severity=severity, incident=group)
    if group is not None and may_reopen(group, rules, now=now):
        return _placed(Placement.REOPEN, "alert_fired_again", severity=severity, incident=group)
    if service is not None and service.status.is_open and _within(rules.join_window, service.opened_at, now):
        return _placed(Placement.JOIN, "same_service_in_window", severity=severity, incident=service)
    return Decision(Placement.OPEN, _why_new(group), severity=severity)


def _again(
    severity: Severity | None, own: Candidate, group: Candidate | None, *, rules: Rules, now: datetime
) -> Decision:
    """The alert is told again. Still firing well after somebody called it resolved means that it is not.

    Where its group has another open incident by now, it belongs there at once: that one nobody has called over,
    and a group has one open incident at most, so that neither opening nor reopening could come true.
    """
    if group is not None and group.incident_id == own.incident_id:
        own = group  # read after it, and perhaps reopened in between
    if own.status.is_open:
        return _placed(Placement.KEEP, "already_joined", severity=severity, incident=own)
    if severity is None:
        return Decision(Placement.IGNORE, "severity_opens_none")
    if group is not None and group.status.is_open:
        return _placed(Placement.JOIN, "still_firing_same_group", severity=severity, incident=group)
    if _ended_within(own, rules, now=now):
        return Decision(Placement.KEEP, "resolved_moments_ago", incident_id=own.incident_id)
    if own.status is Status.RESOLVED:
        return _placed(Placement.REOPEN, "alert_still_firing", severity=severity, incident=own)
    return Decision(Placement.OPEN, "alert_still_firing", severity=severity)


def may_reopen(group: Candidate, rules: Rules, *, now: datetime) -> bool:
    """Whether an alert of its group reopens it."""
    return group.status is Status.RESOLVED and _ended_within(group, rules, now=now)


def _ended_within(incident: Candidate, rules: Rules, *, now: datetime) -> bool:
    return incident.resolved_at is not None and _within(rules.reopen_window, incident.resolved_at, now)


def _placed(placement: Placement, reason: str, *, severity: Severity | None, incident: Candidate) -> Decision:
    """A graver alert raises its incident; a milder one never lowers it.

    A person who has lowered it knew what its alerts had asked for until then: no more of that raises it again, or each
    repeat would page anew. What reopens it begins anew.
    """
    asked = None if placement is Placement.REOPEN else incident.asked_severity
    known = (incident.severity, asked or incident.severity)
    raises = severity is not None and all(severity.graver_than(one) for one in known)
    return Decision(
        placement, reason, incident_id=incident.incident_id, severity=severity if raises else None
    )


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
