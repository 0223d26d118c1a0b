"""The closed sets of words that comms decides with, and which of them is worse."""

from collections.abc import Iterable
from enum import StrEnum


class Severity(StrEnum):
    """How bad an incident is; SEV-1 is the worst."""

    SEV1 = "SEV-1"
    SEV2 = "SEV-2"
    SEV3 = "SEV-3"
    SEV4 = "SEV-4"


class ComponentState(StrEnum):
    """What the public page says of a component, as Statuspage names it; in order, the worst last."""

    OPERATIONAL = "operational"
    UNDER_MAINTENANCE = "under_maintenance"
    DEGRADED_PERFORMANCE = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"


class PublicStatus(StrEnum):
    """Where a public report stands, as Statuspage names it."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Impact(StrEnum):
    """How grave a report, or the whole page, is; in order, the worst last."""

    NONE = "none"
    MAINTENANCE = "maintenance"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class Visibility(StrEnum):
    """Who sees a report: the world; nobody until a human publishes it; nobody because a human said so."""

    PUBLIC = "public"
    HELD = "held"
    HIDDEN = "hidden"


class PublishMode(StrEnum):
    """Whether reports go public by themselves or wait for a human."""

    AUTOMATIC = "automatic"
    HOLD = "hold"


_STATES = tuple(ComponentState)

_IMPACTS = {
    ComponentState.OPERATIONAL: Impact.NONE,
    ComponentState.UNDER_MAINTENANCE: Impact.MAINTENANCE,
    ComponentState.DEGRADED_PERFORMANCE: Impact.MINOR,
    ComponentState.PARTIAL_OUTAGE: Impact.MAJOR,
    ComponentState.MAJOR_OUTAGE: Impact.CRITICAL,
}


def rank(state: ComponentState) -> int:
    """Greater is worse."""
    return _STATES.index(state)


def worst(states: Iterable[ComponentState]) -> ComponentState:
    """The worst of these; operational when there are none."""
    return max(states, key=rank, default=ComponentState.OPERATIONAL)


def state_of(impact: Impact) -> ComponentState:
    """The state that has this impact."""
    return next(state for state, its_impact in _IMPACTS.items() if its_impact is impact)


def impact_of(state: ComponentState) -> Impact:
    """The impact that Statuspage's readers expect beside this state."""
    return _IMPACTS[state]
