"""What an incident is when it begins."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin_incidents.domain.catalogue import Service
from tocsin_incidents.domain.incident import Incident, Origin, Status
from tocsin_incidents.domain.rules import Rules
from tocsin_incidents.domain.severity import Severity

TITLE_LIMIT = 200
SUMMARY_LIMIT = 4000


@dataclass(frozen=True, slots=True)
class Opening:
    """What the alert, or the person, said. `service_name` is kept where the catalogue knows no such service."""

    title: str
    severity: Severity
    origin: Origin
    detected_at: datetime
    summary: str = ""
    service: Service | None = None
    service_name: str | None = None
    declared_by: UUID | None = None
    public: bool = True
    drill: bool = False
    impact_started_at: datetime | None = None


def opened(opening: Opening, rules: Rules, *, incident_id: UUID, number: int, now: datetime) -> Incident:
    """The new incident. Only what alerts have opened ends by itself, and only if its service says so."""
    service, by_alert = opening.service, opening.origin is Origin.ALERT
    return Incident(
        incident_id,
        number,
        version=1,
        title=shortened(opening.title.strip() or "Untitled", TITLE_LIMIT),
        summary=shortened(opening.summary.strip(), SUMMARY_LIMIT),
        severity=opening.severity,
        status=Status.DETECTED,
        origin=opening.origin,
        opened_at=now,
        detected_at=opening.detected_at,
        response_due_at=now + rules.response_limits[opening.severity],
        next_update_due_at=now + rules.update_every[opening.severity],
        impact_started_at=opening.impact_started_at,
        service_id=service.id if service else None,
        service=service.name if service else opening.service_name,
        team_id=service.team_id if service else None,
        escalation_policy_id=service.escalation_policy_id if service else None,
        runbook_url=service.runbook_url if service else None,
        auto_resolve=by_alert and (service is None or service.auto_resolve),
        declared_by=opening.declared_by,
        public=opening.public,
        drill=opening.drill,
        alert_count=1 if by_alert else 0,
        firing_count=1 if by_alert else 0,
        asked_severity=opening.severity if by_alert else None,
    )


def shortened(text: str, limit: int) -> str:
    """The text, or as much of it as fits, with an ellipsis to show that there was more."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
