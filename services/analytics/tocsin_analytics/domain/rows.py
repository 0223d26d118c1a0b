"""One row per incident, as the figures see it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin_analytics.domain.facts import IncidentFacts, first_occurrence


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident, as the figures see it. Times are aware UTC, those of the first occurrence."""

    incident_id: UUID
    number: int
    title: str
    severity: str
    status: str
    origin: str
    drill: bool
    service_id: UUID | None
    service: str | None
    team_id: UUID | None
    opened_at: datetime
    detected_at: datetime
    impact_started_at: datetime | None = None
    paged_at: datetime | None = None
    acknowledged_at: datetime | None = None
    told_at: datetime | None = None
    identified_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    last_resolved_at: datetime | None = None
    auto_resolved: bool = False
    reopened: int = 0
    overdue_updates: int = 0
    alert_count: int = 0


def row_of(facts: IncidentFacts) -> IncidentRow | None:
    """The row that the facts make; None while only other topics have spoken of the incident."""
    latest = facts.latest
    if latest is None:
        return None
    first = first_occurrence(facts)
    return IncidentRow(
        incident_id=facts.incident_id,
        number=latest.number,
        title=latest.title,
        severity=latest.severity,
        status=latest.status,
        origin=latest.origin,
        drill=latest.drill,
        service_id=latest.service_id,
        service=latest.service,
        team_id=latest.team_id,
        opened_at=latest.opened_at,
        detected_at=latest.detected_at,
        impact_started_at=latest.impact_started_at,
        paged_at=first.paged_at,
        acknowledged_at=first.acknowledged_at,
        told_at=first.told_at,
        identified_at=first.identified_at,
        mitigated_at=first.mitigated_at,
        resolved_at=first.resolved_at,
        last_resolved_at=latest.resolved_at,
        auto_resolved=first.automatic,
        reopened=len(facts.reopenings),
        overdue_updates=len(facts.overdue_updates),
        alert_count=latest.alert_count,
    )
