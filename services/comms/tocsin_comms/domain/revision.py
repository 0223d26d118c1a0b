"""How a public report moves when its incident does, and which words that takes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from tocsin_comms.domain.component import Component
from tocsin_comms.domain.incident import Incident
from tocsin_comms.domain.report import Affected, Report, Shown, Update
from tocsin_comms.domain.site import StatusPage
from tocsin_comms.domain.states import ComponentState, PublicStatus, Visibility, impact_of
from tocsin_comms.domain.words import draft, kind_of_change


@dataclass(frozen=True, slots=True)
class Posted:
    """What a person wrote for the public."""

    id: UUID
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a revision depends on. `followers` are the components that follow the incident's service."""

    incident: Incident
    page: StatusPage
    followers: Sequence[Component]
    shown: Shown
    interval: timedelta
    now: datetime
    report_id: UUID
    update_id: UUID
    posted: Posted | None = None

    @property
    def state(self) -> ComponentState:
        """What the severity makes of the components while the incident is open."""
        return self.page.states[self.incident.severity]


@dataclass(frozen=True, slots=True)
class Revision:
    """The report as it now is; `told` is the new statement, null when nothing is worth one."""

    report: Report
    told: Update | None
    reason: str


def revise(current: Report | None, facts: Facts) -> Revision:
    """Decide what a report says after its incident changed. `facts.shown` must name a visibility."""
    before = current or _fresh(facts)
    kind = _kind(current, facts)
    after = replace(
        before,
        status=facts.incident.public_status,
        severity=facts.incident.severity,
        impact=impact_of(facts.state) if facts.followers else before.impact,
        service_id=facts.incident.service_id,
        affected=(_affected(facts) or before.affected) if kind else before.affected,
        visibility=facts.shown.visibility or before.visibility,
        reason=facts.shown.reason,
    )
    after = replace(after, title=before.title if before.title_by_hand else drafted("title", facts))
    after = _with_times(after, facts.now)
    told = _statement(kind, after, facts)
    changed = told is not None or after != before
    version = before.version + 1 if changed and current else before.version
    moved = facts.now if changed else before.updated_at
    return Revision(replace(after, version=version, updated_at=moved), told, kind or "nothing_to_say")


def drafted(kind: str, facts: Facts) -> str:
    """The page's template of that kind, filled in."""
    names = [component.name for component in facts.followers]
    return draft(kind, components=names, state=facts.state, interval=facts.interval, own=facts.page.templates)


def _kind(current: Report | None, facts: Facts) -> str | None:
    """Which words are due: a person's, a template's by name, or none."""
    status = facts.incident.public_status
    if facts.posted is not None:
        return "posted"
    if current is None or current.status is not status:
        return kind_of_change(current.status if current else None, status)
    graver_or_milder = facts.page.states[current.severity] is not facts.state
    return "changed" if graver_or_milder and status is not PublicStatus.RESOLVED else None


def _statement(kind: str | None, report: Report, facts: Facts) -> Update | None:
    if kind is None:
        return None
    if facts.posted is not None:
        posted = facts.posted
        return Update(
            posted.id, report.status, posted.body, posted.at, author="person", affected=_affected(facts)
        )
    return Update(facts.update_id, report.status, drafted(kind, facts), facts.now, affected=_affected(facts))


def _fresh(facts: Facts) -> Report:
    incident = facts.incident
    return Report(
        id=facts.report_id,
        incident_id=incident.id,
        number=incident.number,
        title=drafted("title", facts),
        visibility=facts.shown.visibility or Visibility.HELD,
        reason=facts.shown.reason,
        status=incident.public_status,
        impact=impact_of(facts.state),
        severity=incident.severity,
        started_at=incident.opened_at,
        created_at=facts.now,
        updated_at=facts.now,
    )


def _affected(facts: Facts) -> tuple[Affected, ...]:
    after = ComponentState.OPERATIONAL if facts.incident.over else facts.state
    return tuple(Affected(each.id, each.name, each.state, after) for each in facts.followers)


def _with_times(report: Report, now: datetime) -> Report:
    monitoring = (
        report.monitoring_at or now if report.status is PublicStatus.MONITORING else report.monitoring_at
    )
    resolved = report.resolved_at or now if report.status is PublicStatus.RESOLVED else None
    published = report.published_at or now if report.visibility is Visibility.PUBLIC else report.published_at
    return replace(report, monitoring_at=monitoring, resolved_at=resolved, published_at=published)
