"""What is known of one incident, as a value that grows: the same events give the same facts in any order.

Every event is turned into a small `IncidentFacts` of its own, and `merge` joins two of them. `merge` is
commutative, associative and idempotent, so a redelivery, a reordering between topics or a replay from the
beginning changes nothing. Times are aware UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import reduce
from uuid import UUID

AUTOMATIC = "alerts_cleared"
"""The reason of a resolve that no person made."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An incident as one event told it. `version` grows with every change; one version has one content."""

    version: int
    number: int
    title: str
    severity: str
    status: str
    origin: str
    opened_at: datetime
    detected_at: datetime
    drill: bool = False
    service_id: UUID | None = None
    service: str | None = None
    team_id: UUID | None = None
    impact_started_at: datetime | None = None
    identified_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    alert_count: int = 0


@dataclass(frozen=True, slots=True)
class SeverityAt:
    """The severity that a version opened with or changed to."""

    version: int
    severity: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """One end of the incident; `reason` is `by_hand` or `alerts_cleared`."""

    version: int
    reason: str


@dataclass(frozen=True, slots=True)
class Earliest:
    """The earliest time that any snapshot gave for each step."""

    identified_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """All that events have said of one incident so far. `latest` is None until its own topic has spoken."""

    incident_id: UUID
    latest: Snapshot | None = None
    earliest: Earliest = Earliest()
    acknowledged_at: datetime | None = None
    """The first that somebody gave; none that a rule did."""
    paged_at: datetime | None = None
    """When a provider took the first page."""
    told_at: datetime | None = None
    """When the public page first showed it."""
    severities: frozenset[SeverityAt] = field(default_factory=frozenset)
    resolutions: frozenset[Resolution] = field(default_factory=frozenset)
    reopenings: frozenset[int] = field(default_factory=frozenset)
    """The versions that reopened it."""
    overdue_updates: frozenset[datetime] = field(default_factory=frozenset)
    """The promises of an update that were not kept."""


@dataclass(frozen=True, slots=True)
class FirstOccurrence:
    """The times up to the first end, which figures are made of; a reopening does not move them."""

    paged_at: datetime | None
    acknowledged_at: datetime | None
    told_at: datetime | None
    identified_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    automatic: bool


def from_snapshot(incident_id: UUID, snapshot: Snapshot) -> IncidentFacts:
    """The facts that any event of the incident's own topic holds."""
    earliest = Earliest(snapshot.identified_at, snapshot.mitigated_at, snapshot.resolved_at)
    return IncidentFacts(incident_id, latest=snapshot, earliest=earliest)


def merge(one: IncidentFacts, other: IncidentFacts) -> IncidentFacts:
    """What both say together. Raises ValueError when they are of two incidents."""
    if one.incident_id != other.incident_id:
        raise ValueError(f"facts of {one.incident_id} and {other.incident_id} cannot be merged")
    return IncidentFacts(
        one.incident_id,
        latest=_newer(one.latest, other.latest),
        earliest=_earliest_of(one.earliest, other.earliest),
        acknowledged_at=earlier(one.acknowledged_at, other.acknowledged_at),
        paged_at=earlier(one.paged_at, other.paged_at),
        told_at=earlier(one.told_at, other.told_at),
        severities=one.severities | other.severities,
        resolutions=one.resolutions | other.resolutions,
        reopenings=one.reopenings | other.reopenings,
        overdue_updates=one.overdue_updates | other.overdue_updates,
    )


def fold(incident_id: UUID, told: Iterable[IncidentFacts]) -> IncidentFacts:
    """The facts after all that was told, in whatever order it came."""
    return reduce(merge, told, IncidentFacts(incident_id))


def first_occurrence(facts: IncidentFacts) -> FirstOccurrence:
    """The first occurrence's times.

    Never reopened: the latest snapshot speaks, so a corrected time corrects the figure. Reopened: the
    earliest time of each step, since the later ones belong to the second occurrence; a step whose earliest
    time is after the first end was not taken in the first occurrence at all.
    """
    first = min(facts.resolutions, key=lambda end: end.version, default=None)
    times = facts.earliest if facts.reopenings or facts.latest is None else facts.latest
    end = times.resolved_at if facts.reopenings else None
    return FirstOccurrence(
        paged_at=_until(end, facts.paged_at),
        acknowledged_at=_until(end, facts.acknowledged_at),
        told_at=_until(end, facts.told_at),
        identified_at=_until(end, times.identified_at),
        mitigated_at=_until(end, times.mitigated_at),
        resolved_at=times.resolved_at,
        automatic=first is not None and first.reason == AUTOMATIC,
    )


def _until(end: datetime | None, at: datetime | None) -> datetime | None:
    return None if end is not None and at is not None and at > end else at


def severity_history(facts: IncidentFacts) -> tuple[str, ...]:
    """The severities it went through, oldest first."""
    return tuple(at.severity for at in sorted(facts.severities, key=lambda at: at.version))


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two times, one of which may be unknown."""
    if one is None or other is None:
        return one or other
    return min(one, other)


def _newer(one: Snapshot | None, other: Snapshot | None) -> Snapshot | None:
    if one is None or other is None:
        return one or other
    return one if one.version >= other.version else other


def _earliest_of(one: Earliest, other: Earliest) -> Earliest:
    return Earliest(
        *(earlier(getattr(one, step.name), getattr(other, step.name)) for step in fields(Earliest))
    )
