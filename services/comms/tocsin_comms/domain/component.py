"""What a component of the public page shows, derived from the open public incidents and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from tocsin_comms.domain.incident import Incident
from tocsin_comms.domain.states import ComponentState, Severity, rank

StateBySeverity = Mapping[Severity, ComponentState]

DEFAULT_STATES: StateBySeverity = {
    Severity.SEV1: ComponentState.MAJOR_OUTAGE,
    Severity.SEV2: ComponentState.PARTIAL_OUTAGE,
    Severity.SEV3: ComponentState.DEGRADED_PERFORMANCE,
    Severity.SEV4: ComponentState.OPERATIONAL,
}


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the product as its users know it. It follows services: their incidents are its incidents."""

    id: UUID
    name: str
    position: int
    description: str = ""
    group: str | None = None
    service_ids: frozenset[UUID] = frozenset()
    state: ComponentState = ComponentState.OPERATIONAL
    state_since: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def follows(self, service_id: UUID | None) -> bool:
        """True when incidents of that service show here."""
        return service_id is not None and service_id in self.service_ids


@dataclass(frozen=True, slots=True)
class Trouble:
    """An open incident that the world may see, as far as components care."""

    incident_id: UUID
    service_id: UUID | None
    severity: Severity
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a component shows, why, and because of which incident."""

    state: ComponentState
    reason: str
    incident_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A component that must be shown differently from now on."""

    component: Component
    verdict: Verdict


def followers(components: Iterable[Component], incident: Incident) -> list[Component]:
    """Those that follow the incident's service."""
    return [component for component in components if component.follows(incident.service_id)]


def oldest(troubles: Iterable[Trouble]) -> tuple[Trouble, ...]:
    """Of each service and severity what began first, the oldest first: in a storm thousands of them say the same."""
    found: dict[tuple[UUID | None, Severity], Trouble] = {}
    for trouble in sorted(troubles, key=attrgetter("started_at")):
        found.setdefault((trouble.service_id, trouble.severity), trouble)
    return tuple(found.values())


def derive(
    component: Component,
    troubles: Iterable[Trouble],
    *,
    states: StateBySeverity = DEFAULT_STATES,
    in_maintenance: bool = False,
) -> Verdict:
    """The state of one component:

    the worst of its open incidents wins, and an incident outdoes planned work.
    """
    mine = [trouble for trouble in troubles if component.follows(trouble.service_id)]
    gravest = max(mine, key=lambda trouble: rank(states[trouble.severity]), default=None)
    state = states[gravest.severity] if gravest else ComponentState.OPERATIONAL
    if in_maintenance and rank(state) < rank(ComponentState.UNDER_MAINTENANCE):
        return Verdict(ComponentState.UNDER_MAINTENANCE, reason="maintenance")
    if gravest is None:
        return Verdict(state, reason="no_open_incident")
    return Verdict(state, reason="worst_open_incident", incident_id=gravest.incident_id)


def changes(
    components: Iterable[Component],
    troubles: Iterable[Trouble],
    *,
    states: StateBySeverity = DEFAULT_STATES,
    in_maintenance: frozenset[UUID] = frozenset(),
) -> tuple[Change, ...]:
    """Those components whose derived state is not the one they show, with the state that they should."""
    known = tuple(troubles)
    verdicts = (
        (each, derive(each, known, states=states, in_maintenance=each.id in in_maintenance))
        for each in components
    )
    return tuple(Change(each, verdict) for each, verdict in verdicts if verdict.state is not each.state)
