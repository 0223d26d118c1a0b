"""A made-up year: believable incidents, pages and alerts as events, the same ones for the same seed.

Tests and the bench fold it into facts. It holds what figures must survive: incidents that end by themselves, that
nobody acknowledged, that were reopened, drills, unknown starts of impact, late updates, nights and busy weeks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from tocsin_events.alerts import Alert, AlertOpened, AlertResolved, AlertSeverity
from tocsin_events.base import Event
from tocsin_events.incidents import (
    Incident,
    IncidentAcknowledged,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentSeverityChanged,
    IncidentStatus,
    IncidentStatusChanged,
    Severity,
)
from tocsin_events.pages import Channel, Page, PageAcknowledged, PageRequested, PageSent
from tocsin_events.status import ComponentState, ComponentStateChanged, UpdateOverdue

START = datetime(2026, 1, 1, tzinfo=UTC)
SERVICES = ("Checkout", "Search", "Payments", "Accounts", "Images")
PEOPLE = ("Ana Ruiz", "Bo Lindqvist", "Chiara Conti", "Dev Patel")
SEVERITIES = (Severity.SEV1, Severity.SEV2, Severity.SEV3, Severity.SEV4)
ALERT_SEVERITIES = (AlertSeverity.CRITICAL, AlertSeverity.HIGH, AlertSeverity.MEDIUM, AlertSeverity.LOW)


def service_id(name: str) -> UUID:
    """The id of a made-up service."""
    return UUID(int=1000 + SERVICES.index(name))


def person_id(name: str) -> UUID:
    """The id of a made-up responder."""
    return UUID(int=2000 + PEOPLE.index(name))


@dataclass
class Story:
    """One incident as it is told, event by event."""

    incident: Incident
    random: Random

    def changed(self, **changes: object) -> Incident:
        """The incident one version on."""
        self.incident = self.incident.model_copy(update={**changes, "version": self.incident.version + 1})
        return self.incident

    def after(self, minutes: float) -> datetime:
        """A moment so many minutes after the opening."""
        return self.incident.opened_at + timedelta(seconds=round(minutes * 60))


def year(incidents: int, *, seed: int = 7, days: int = 365) -> Iterator[Event]:
    """All events of a year, incident by incident, each in its own order."""
    random = Random(seed)
    for number in range(1, incidents + 1):
        yield from _story(number, random, days)


def _story(number: int, random: Random, days: int) -> Iterator[Event]:
    opened = START + timedelta(seconds=random.randrange(days * 86400))
    grade = random.choices(range(4), weights=(4, 16, 50, 30))[0]
    service = random.choice(SERVICES)
    learnt = 1.3 - 0.6 * (opened - START) / timedelta(days=days)  # they get better over the year
    story = Story(_opened(number, opened, service, SEVERITIES[grade], random=random), random)
    alert = _alert(story, ALERT_SEVERITIES[grade])
    yield AlertOpened(alert=alert)
    yield IncidentOpened(incident=story.incident, alert_ids=[alert.alert_id])
    if story.incident.public and grade < 3:
        yield ComponentStateChanged(
            component_id=service_id(service),
            name=service,
            previous=ComponentState.OPERATIONAL,
            state=ComponentState.PARTIAL_OUTAGE,
            incident_id=story.incident.incident_id,
            at=story.after(0.05),
        )
    if random.random() < 0.22:  # over before anybody looked
        yield from _ends(story, alert, random.uniform(0.5, 12), reason="alerts_cleared")
        return
    took = random.lognormvariate(0.9 + 0.5 * grade, 0.8) * learnt
    yield from _answered(story, took)
    yield from _worked_on(story, alert, took + random.lognormvariate(3.2 + 0.3 * grade, 0.7) * learnt)


def _opened(number: int, opened: datetime, service: str, severity: Severity, *, random: Random) -> Incident:
    known = random.random() < 0.4
    return Incident(
        incident_id=UUID(int=1_000_000 + number),
        number=number,
        version=1,
        title=f"{service}: {random.choice(('latency', 'errors', 'queue', 'disk', 'certificate'))} above its limit",
        severity=severity,
        status=IncidentStatus.DETECTED,
        service_id=service_id(service),
        service=service,
        public=random.random() < 0.6,
        drill=random.random() < 0.03,
        opened_at=opened,
        detected_at=opened,
        impact_started_at=opened - timedelta(seconds=random.randrange(30, 900)) if known else None,
        response_due_at=opened + timedelta(minutes=5),
        alert_count=1,
    )


def _alert(story: Story, severity: AlertSeverity) -> Alert:
    incident = story.incident
    return Alert(
        alert_id=UUID(int=2_000_000 + incident.number),
        integration_id=UUID(int=1),
        group_id=UUID(int=3_000_000 + incident.number),
        group_key=f"{incident.service}/{incident.number}",
        dedup_key=f"k{incident.number}",
        severity=severity,
        title=incident.title,
        source="alertmanager",
        service=incident.service,
        service_id=incident.service_id,
        started_at=incident.opened_at,
        received_at=incident.opened_at,
    )


def _answered(story: Story, took: float) -> Iterator[Event]:
    incident, random = story.incident, story.random
    who = random.choice(PEOPLE)
    for channel in (Channel.EMAIL, Channel.APPRISE)[: random.choice((1, 2))]:
        page = Page(
            page_id=UUID(int=10_000_000 + 10 * incident.number + len(channel)),
            incident_id=incident.incident_id,
            user_id=person_id(who),
            user=who,
            channel=channel,
            step=1,
            round=1,
            requested_at=incident.opened_at,
        )
        yield PageRequested(page=page, reason="on call")
        yield PageSent(page=page, sent_at=story.after(random.uniform(0.01, 0.2)), attempts=1)
    if random.random() < 0.08:
        return  # nobody ever pressed the button
    at = story.after(took)
    yield PageAcknowledged(
        incident_id=incident.incident_id, at=at, user_id=person_id(who), user=who, via="link"
    )
    acknowledged = story.changed(status=IncidentStatus.ACKNOWLEDGED, acknowledged_at=at)
    yield IncidentAcknowledged(incident=acknowledged, actor_id=person_id(who), actor_name=who)
    if random.random() < 0.1:
        worse = SEVERITIES[max(0, SEVERITIES.index(incident.severity) - 1)]
        yield IncidentSeverityChanged(incident=story.changed(severity=worse), previous=incident.severity)


def _worked_on(story: Story, alert: Alert, took: float) -> Iterator[Event]:
    incident, random = story.incident, story.random
    if random.random() < 0.5:
        found = story.changed(status=IncidentStatus.INVESTIGATING, identified_at=story.after(took * 0.5))
        yield IncidentStatusChanged(incident=found, previous=incident.status)
    if random.random() < 0.6:
        eased = story.changed(status=IncidentStatus.MITIGATED, mitigated_at=story.after(took * 0.8))
        yield IncidentStatusChanged(incident=eased, previous=IncidentStatus.INVESTIGATING)
    if random.random() < 0.1:
        yield UpdateOverdue(incident_id=incident.incident_id, due_at=story.after(30))
    if random.random() < 0.01:
        return  # still open
    yield from _ends(story, alert, took, reason="by_hand")
    if random.random() < 0.04:
        again = story.changed(status=IncidentStatus.INVESTIGATING, resolved_at=None, mitigated_at=None)
        yield IncidentReopened(incident=again, reason="it came back")
        yield from _ends(story, alert, took * 2, reason="by_hand")


def _ends(story: Story, alert: Alert, minutes: float, *, reason: str) -> Iterator[Event]:
    at = story.after(minutes)
    yield AlertResolved(alert=alert, ended_at=at, reason="sender")
    over = story.changed(status=IncidentStatus.RESOLVED, resolved_at=at)
    yield IncidentResolved(incident=over, reason=reason)
