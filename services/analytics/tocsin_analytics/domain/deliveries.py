"""What is known of one page and of one alert, merged like the facts of an incident: in any order, any number
of times.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin_analytics.domain.facts import earlier


@dataclass(frozen=True, slots=True)
class PageFacts:
    """One notification to one person by one channel.

    Sent beats failed: a late retry that got through counts.
    """

    page_id: UUID
    incident_id: UUID
    user_id: UUID
    user: str
    channel: str
    step: int
    round: int
    requested_at: datetime
    sent_at: datetime | None = None
    failed: bool = False
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """One occurrence of an alert. `opened_at` is unknown while only its end has been heard of."""

    alert_id: UUID
    severity: str
    source: str
    service_id: UUID | None = None
    service: str | None = None
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    received: int = 1
    """How often the sender told it."""


def merge_pages(one: PageFacts, other: PageFacts) -> PageFacts:
    """What both say together of the same page."""
    return PageFacts(
        page_id=one.page_id,
        incident_id=one.incident_id,
        user_id=one.user_id,
        user=max(one.user, other.user),
        channel=one.channel,
        step=one.step,
        round=one.round,
        requested_at=min(one.requested_at, other.requested_at),
        sent_at=earlier(one.sent_at, other.sent_at),
        failed=one.failed or other.failed,
        attempts=max(one.attempts, other.attempts),
    )


def merge_alerts(one: AlertFacts, other: AlertFacts) -> AlertFacts:
    """What both say together of the same alert; the one that was told more often is newer."""
    newer = max(one, other, key=_age_of_alert)
    return AlertFacts(
        alert_id=one.alert_id,
        severity=newer.severity,
        source=newer.source,
        service_id=newer.service_id,
        service=newer.service,
        opened_at=earlier(one.opened_at, other.opened_at),
        ended_at=earlier(one.ended_at, other.ended_at),
        received=newer.received,
    )


def _age_of_alert(alert: AlertFacts) -> tuple[bool, int, str, str, str, str]:
    ended = alert.ended_at is not None
    return ended, alert.received, alert.severity, alert.source, str(alert.service_id), alert.service or ""
