"""The public report on an incident:

another object than the incident, in other words, and only shown when it may be.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin_comms.domain.component import Trouble
from tocsin_comms.domain.incident import Incident
from tocsin_comms.domain.states import (
    ComponentState,
    Impact,
    PublicStatus,
    PublishMode,
    Severity,
    Visibility,
    state_of,
)
from tocsin_comms.domain.words import listed


@dataclass(frozen=True, slots=True)
class Affected:
    """A component as an update found it: what it showed before, and what it shows since."""

    component_id: UUID
    name: str
    before: ComponentState
    after: ComponentState


@dataclass(frozen=True, slots=True)
class Update:
    """One public statement. `author` is `template`, or `person` when somebody wrote it."""

    id: UUID
    status: PublicStatus
    body: str
    at: datetime
    author: str = "template"
    affected: tuple[Affected, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What the world is told of one incident. `reason` names why it is, or is not, shown."""

    id: UUID
    incident_id: UUID
    number: int
    title: str
    visibility: Visibility
    reason: str
    status: PublicStatus
    impact: Impact
    severity: Severity
    started_at: datetime
    created_at: datetime
    updated_at: datetime
    version: int = 1
    by_hand: bool = False
    title_by_hand: bool = False
    service_id: UUID | None = None
    monitoring_at: datetime | None = None
    resolved_at: datetime | None = None
    published_at: datetime | None = None
    affected: tuple[Affected, ...] = ()
    updates: tuple[Update, ...] = ()

    @property
    def shown_state(self) -> str:
        """What colours it: how bad it is while it is open, that it is resolved afterwards."""
        return state_of(self.impact).value if self.open else self.status.value

    @property
    def whom(self) -> str:
        """The components it affects, as people list them."""
        return listed([affected.name for affected in self.affected])

    @property
    def open(self) -> bool:
        """True until it is resolved."""
        return self.status is not PublicStatus.RESOLVED

    @property
    def trouble(self) -> Trouble | None:
        """What it is to the components; null when they do not care."""
        if self.visibility is not Visibility.PUBLIC or not self.open:
            return None
        return Trouble(self.incident_id, self.service_id, self.severity, self.started_at)


@dataclass(frozen=True, slots=True)
class Shown:
    """Whether there is a report and who sees it. `visibility` is null when none is to be made."""

    visibility: Visibility | None
    reason: str


def decide_visibility(
    incident: Incident, report: Report | None, *, followed: bool, mode: PublishMode, state: ComponentState
) -> Shown:
    """Decide who sees the report on an incident, which shows its components as `state`.

    What is internal never shows; what a human decided stays; what the world has seen once is not silently
    taken back.
    """
    current = report.visibility if report else None
    if not incident.public or incident.drill:
        reason = "drill" if incident.drill else "marked_internal"
        return Shown(Visibility.HIDDEN if report else None, reason)
    if report and report.by_hand:
        return Shown(current, "by_hand")
    if current is Visibility.PUBLIC:
        return Shown(current, "already_public")
    if not followed:
        return Shown(current, "no_component_follows")
    if report is None and incident.over:
        return Shown(None, "already_over")
    if mode is PublishMode.HOLD:
        return Shown(Visibility.HELD, "page_holds")
    if state is ComponentState.OPERATIONAL:
        return Shown(Visibility.HELD, "no_public_impact")
    return Shown(Visibility.PUBLIC, "automatic")
