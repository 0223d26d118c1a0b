"""Turns the news of a turn into events for the other services."""

from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_detector.domain import alert as domain
from tocsin_detector.domain.severity import Severity
from tocsin_detector.domain.turn import News
from tocsin_events.alerts import (
    Alert,
    AlertAcknowledged,
    AlertEvent,
    AlertOpened,
    AlertRepeated,
    AlertResolved,
    AlertSeverity,
)


def tell(
    uow: UnitOfWork,
    news: News,
    alert: domain.Alert,
    *,
    cause: Cause | None = None,
    previous: Severity | None = None,
) -> None:
    """Emit what happened to the alert; `cause` is that of a delivery, else it is the unit of work's."""
    event = _event(news, alert, previous=previous)
    uow.emit(event, cause=cause)
    uow.announce("alert")


def _event(news: News, alert: domain.Alert, *, previous: Severity | None) -> AlertEvent:
    told = _told(alert)
    if news is News.OPENED:
        return AlertOpened(alert=told)
    if news is News.REPEATED:
        return AlertRepeated(alert=told, previous_severity=AlertSeverity(previous) if previous else None)
    if news is News.ACKNOWLEDGED:
        return AlertAcknowledged(alert=told)
    return AlertResolved(
        alert=told,
        ended_at=alert.ended_at or alert.last_received_at,
        reason=alert.end_reason or "resolved_by_sender",
    )


def _told(alert: domain.Alert) -> Alert:
    return Alert(
        alert_id=alert.id,
        integration_id=alert.integration_id,
        group_id=alert.group_id,
        group_key=alert.group_key,
        dedup_key=alert.dedup_key,
        severity=AlertSeverity(alert.severity),
        title=alert.title,
        description=alert.description,
        source=alert.source,
        service=alert.service,
        service_id=alert.service_id,
        labels=dict(alert.labels),
        url=alert.url,
        started_at=alert.started_at,
        received_at=alert.last_received_at,
        count=alert.count,
    )
