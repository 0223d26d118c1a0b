"""What each event says, as facts. An event that says nothing of use to any figure is not in this table."""

from tocsin_analytics.domain.deliveries import AlertFacts, PageFacts
from tocsin_analytics.domain.facts import (
    IncidentFacts,
    Resolution,
    SeverityAt,
    Snapshot,
    from_snapshot,
    merge,
)
from tocsin_analytics.store.facts import Fact
from tocsin_events.alerts import AlertEvent, AlertOpened, AlertResolved
from tocsin_events.base import Event
from tocsin_events.incidents import (
    IncidentAcknowledged,
    IncidentAlertJoined,
    IncidentAssigned,
    IncidentClosed,
    IncidentDetailsChanged,
    IncidentEvent,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentSeverityChanged,
    IncidentStatus,
    IncidentStatusChanged,
)
from tocsin_events.pages import PageAcknowledged, PageEvent, PageFailed, PageRequested, PageSent
from tocsin_events.status import ComponentState, ComponentStateChanged, UpdateOverdue

SPEAKING = (
    IncidentOpened,
    IncidentAlertJoined,
    IncidentAcknowledged,
    IncidentSeverityChanged,
    IncidentStatusChanged,
    IncidentAssigned,
    IncidentResolved,
    IncidentReopened,
    IncidentClosed,
    IncidentDetailsChanged,
    PageRequested,
    PageSent,
    PageFailed,
    PageAcknowledged,
    ComponentStateChanged,
    UpdateOverdue,
    AlertOpened,
    AlertResolved,
)
"""The types of event that say something to a figure."""


def facts_of(event: Event) -> list[Fact]:
    """All that an event of these types says."""
    match event:
        case IncidentEvent():
            return [by_incident(event)]
        case PageAcknowledged():
            return [by_acknowledgement(event)]
        case PageSent():
            return [page_facts(event), by_page_sent(event)]
        case PageEvent():
            return [page_facts(event)]
        case ComponentStateChanged():
            told = by_component(event)
            return [told] if told else []
        case UpdateOverdue():
            return [by_overdue_update(event)]
        case AlertEvent():
            return [alert_facts(event)]
    return []


def by_incident(event: IncidentEvent) -> IncidentFacts:
    """Its own topic: the snapshot, and what only this type of event says."""
    incident = event.incident
    said = IncidentFacts(incident.incident_id)
    version = incident.version
    match event:
        case IncidentOpened() | IncidentSeverityChanged():
            severity = SeverityAt(version, incident.severity.value)
            said = IncidentFacts(incident.incident_id, severities=frozenset({severity}))
        case IncidentResolved():
            end = Resolution(version, event.reason)
            said = IncidentFacts(incident.incident_id, resolutions=frozenset({end}))
        case IncidentReopened():
            said = IncidentFacts(incident.incident_id, reopenings=frozenset({version}))
        case IncidentAcknowledged() | IncidentStatusChanged() if _answers(event):
            said = IncidentFacts(incident.incident_id, acknowledged_at=incident.acknowledged_at)
    return merge(from_snapshot(incident.incident_id, _snapshot(event)), said)


def by_acknowledgement(event: PageAcknowledged) -> IncidentFacts:
    """A responder answered a page; always a person."""
    return IncidentFacts(event.incident_id, acknowledged_at=event.at)


def by_page_sent(event: PageSent) -> IncidentFacts:
    """Somebody was reached, or at least the provider took it."""
    return IncidentFacts(event.page.incident_id, paged_at=event.sent_at)


def by_component(event: ComponentStateChanged) -> IncidentFacts | None:
    """The public page showed the incident; None when it turned green, or for no incident of ours."""
    if event.incident_id is None or event.state is ComponentState.OPERATIONAL:
        return None
    return IncidentFacts(event.incident_id, told_at=event.at)


def by_overdue_update(event: UpdateOverdue) -> IncidentFacts:
    """A promised update did not come."""
    return IncidentFacts(event.incident_id, overdue_updates=frozenset({event.due_at}))


def page_facts(event: PageEvent) -> PageFacts:
    """One notification, requested, sent or failed."""
    page = event.page
    attempts = event.attempts if isinstance(event, PageSent | PageFailed) else 0
    return PageFacts(
        page_id=page.page_id,
        incident_id=page.incident_id,
        user_id=page.user_id,
        user=page.user,
        channel=page.channel.value,
        step=page.step,
        round=page.round,
        requested_at=page.requested_at,
        sent_at=event.sent_at if isinstance(event, PageSent) else None,
        failed=isinstance(event, PageFailed),
        attempts=attempts,
    )


def alert_facts(event: AlertEvent) -> AlertFacts:
    """One occurrence of an alert. It began when Tocsin received it: the sender's clock is not trusted."""
    alert = event.alert
    return AlertFacts(
        alert_id=alert.alert_id,
        severity=alert.severity.value,
        source=alert.source,
        service_id=alert.service_id,
        service=alert.service,
        opened_at=alert.received_at if isinstance(event, AlertOpened) else None,
        ended_at=event.ended_at if isinstance(event, AlertResolved) else None,
        received=alert.count,
    )


def _answers(event: IncidentAcknowledged | IncidentStatusChanged) -> bool:
    """Whether somebody took the incident, by hand or with a token: a rule would make answers look fast."""
    if event.by_rule:
        return False
    return isinstance(event, IncidentAcknowledged) or event.previous is IncidentStatus.DETECTED


def _snapshot(event: IncidentEvent) -> Snapshot:
    incident = event.incident
    return Snapshot(
        version=incident.version,
        number=incident.number,
        title=incident.title,
        severity=incident.severity.value,
        status=incident.status.value,
        origin=incident.origin,
        opened_at=incident.opened_at,
        detected_at=incident.detected_at,
        drill=incident.drill,
        service_id=incident.service_id,
        service=incident.service,
        team_id=incident.team_id,
        impact_started_at=incident.impact_started_at,
        identified_at=incident.identified_at,
        mitigated_at=incident.mitigated_at,
        resolved_at=incident.resolved_at,
        alert_count=incident.alert_count,
    )
