"""The public page and all it shows at one moment, from which every format of it is made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tocsin_comms.domain.component import DEFAULT_STATES, Component, StateBySeverity
from tocsin_comms.domain.maintenance import Maintenance, MaintenanceStatus
from tocsin_comms.domain.report import Report
from tocsin_comms.domain.states import ComponentState, Impact, PublishMode, impact_of, rank, state_of, worst
from tocsin_comms.domain.uptime import Day
from tocsin_comms.domain.words import listed

VERBS = {
    ComponentState.UNDER_MAINTENANCE: "under maintenance",
    ComponentState.DEGRADED_PERFORMANCE: "slow or degraded",
    ComponentState.PARTIAL_OUTAGE: "partly down",
    ComponentState.MAJOR_OUTAGE: "down",
}
"""What the page's big sentence says of the components that are worst off."""

DESCRIPTIONS = {
    Impact.NONE: "All Systems Operational",
    Impact.MAINTENANCE: "Service Under Maintenance",
    Impact.MINOR: "Partially Degraded Service",
    Impact.MAJOR: "Partial System Outage",
    Impact.CRITICAL: "Major Service Outage",
}
"""The same in the words that readers of Statuspage's JSON already know."""

MOST_TROUBLED = 60
RECENT = timedelta(days=14)
"""How long a resolved report stays on the first page."""


@dataclass(frozen=True, slots=True)
class StatusPage:
    """How the page is set up. `url` is the origin where the world reads it; empty means Tocsin's own."""

    id: UUID
    name: str
    description: str = ""
    url: str = ""
    support_url: str = ""
    time_zone: str = "UTC"
    publish: PublishMode = PublishMode.AUTOMATIC
    states: StateBySeverity = field(default_factory=lambda: dict(DEFAULT_STATES))
    templates: Mapping[str, str] = field(default_factory=dict)
    version: int = 1
    revision: int = 1
    updated_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @property
    def zone(self) -> tzinfo:
        """Its zone; UTC when the machine does not know the name any more."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return UTC


@dataclass(frozen=True, slots=True)
class ShownComponent:
    """A component with its last ninety days."""

    component: Component
    days: tuple[Day, ...]
    share_up: float | None


@dataclass(frozen=True, slots=True)
class Site:
    """Everything public at `now`. `reports` are only those that the world may see, the newest first."""

    page: StatusPage
    base_url: str
    now: datetime
    components: tuple[ShownComponent, ...] = ()
    reports: tuple[Report, ...] = ()
    works: tuple[Maintenance, ...] = ()

    @property
    def indicator(self) -> Impact:
        """The worst component decides."""
        return impact_of(worst(shown.component.state for shown in self.components))

    @property
    def sentence(self) -> str:
        """What the page says first.

        An open report without a component keeps it from claiming that all is well; so does a page without components.
        """
        state = worst(shown.component.state for shown in self.components)
        if state is ComponentState.OPERATIONAL:
            well = "All systems operational" if self.components else "No problem is reported"
            return "We are looking into a problem" if self.open_reports else well
        names = [shown.component.name for shown in self.components if shown.component.state is state]
        return f"{listed(names)} {'is' if len(names) == 1 else 'are'} {VERBS[state]}"

    @property
    def overall_state(self) -> ComponentState:
        """What colours the sentence."""
        state = worst(shown.component.state for shown in self.components)
        unsure = state is ComponentState.OPERATIONAL and self.open_reports
        return ComponentState.DEGRADED_PERFORMANCE if unsure else state

    def months(self, most: int) -> tuple[tuple[str, tuple[Report, ...]], ...]:
        """The newest reports by the month in which they began, in the page's zone, the newest first."""
        months = groupby(
            self.reports[:most], key=lambda report: f"{report.started_at.astimezone(self.page.zone):%B %Y}"
        )
        return tuple((month, tuple(reports)) for month, reports in months)

    @property
    def open_reports(self) -> tuple[Report, ...]:
        """What is not resolved, the gravest first, then the newest."""
        running = [report for report in self.reports if report.open]
        return tuple(sorted(running, key=lambda report: rank(state_of(report.impact)), reverse=True))

    @property
    def recent_reports(self) -> tuple[Report, ...]:
        """What was resolved within the last two weeks."""
        return tuple(
            report for report in self.reports if not report.open and report.updated_at > self.now - RECENT
        )

    @property
    def groups(self) -> tuple[tuple[str | None, tuple[ShownComponent, ...]], ...]:
        """Components in their order, those of a group together where its first one stands."""
        return grouped(self.components)

    @property
    def troubled_groups(self) -> tuple[tuple[str | None, tuple[ShownComponent, ...]], ...]:
        """The worst off of those that are not operational, for a page that could not hold all."""
        hurt = [each for each in self.components if each.component.state is not ComponentState.OPERATIONAL]
        return grouped(
            sorted(hurt, key=lambda shown: rank(shown.component.state), reverse=True)[:MOST_TROUBLED]
        )

    @property
    def announced(self) -> tuple[Maintenance, ...]:
        """Planned work that is not over."""
        return tuple(work for work in self.works if work.status(self.now) is not MaintenanceStatus.COMPLETED)

    def names_of(self, component_ids: Iterable[UUID]) -> str:
        """Their names, as people list them."""
        return listed([shown.component.name for shown in self.named(component_ids)])

    def named(self, component_ids: Iterable[UUID]) -> tuple[ShownComponent, ...]:
        """Those of these components that the page has."""
        wanted = frozenset(component_ids)
        return tuple(shown for shown in self.components if shown.component.id in wanted)


def grouped(
    components: Iterable[ShownComponent],
) -> tuple[tuple[str | None, tuple[ShownComponent, ...]], ...]:
    """Group by name, groups standing where their first component stands; what has no group keeps its own
    place.
    """
    ordered = sorted(components, key=lambda shown: (shown.component.position, shown.component.name))
    places: dict[str, int] = {}
    for shown in ordered:
        if shown.component.group:
            places.setdefault(shown.component.group, shown.component.position)

    def place(shown: ShownComponent) -> tuple[int, str]:
        group = shown.component.group
        return (places[group], group) if group else (shown.component.position, "")

    together = groupby(sorted(ordered, key=place), key=lambda shown: shown.component.group)
    return tuple((name or None, tuple(members)) for name, members in together)
