"""Tocsin could not process an alert: somebody is paged all the same, and told so plainly (R18)."""

from uuid import UUID

from tocsin_bus.subscriptions import DeadLetter
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.alerts import AlertEvent, AlertResolved
from tocsin_events.base import Topic
from tocsin_events.envelope import MalformedEvent, UnknownEventType
from tocsin_incidents.domain.incident import Origin, Status
from tocsin_incidents.domain.lifecycle import change_severity
from tocsin_incidents.domain.opening import Opening
from tocsin_incidents.domain.severity import DEFAULT_MAP, AlertSeverity, Severity
from tocsin_incidents.domain.timeline import Kind
from tocsin_incidents.store.alerts import AlertRepository
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.hear_paging import Note, note_all
from tocsin_incidents.usecases.open_incident import open_incident
from tocsin_incidents.usecases.record import record, take
from tocsin_runtime.ids import new_id

UNPROCESSED = UUID("00000000-0000-7000-8000-746f6373696e")
"""The group of all that could not be processed: one incident tells of them all until somebody answers it."""


async def own_up(uow: UnitOfWork, desk: Desk, *, letter: DeadLetter) -> str:
    """Open an incident for an alert that is dead, or add it to the one that pages still. Returns the reason."""
    if letter.topic is not Topic.ALERTS:
        return "not_an_alert"
    event = _read(letter)
    if isinstance(event, AlertResolved):
        return "not_firing"
    title, severity = _what(event)
    summary = (
        f"Why: {letter.reason[:1000]}. See `tocsin dead-letters list`, and replay it once the cause is gone."
    )
    alerts, incident_id = AlertRepository(uow.conn), new_id()
    if await alerts.claim_group(UNPROCESSED, incident_id):
        opening = Opening(
            title, severity, origin=Origin.TOCSIN, detected_at=uow.now, summary=summary, public=False
        )
        await open_incident(uow, desk, incident_id=incident_id, opening=opening, reason="unprocessed_alert")
        return "opened"
    look = await alerts.first_look(UNPROCESSED, None)
    if look.group is None:
        return await own_up(uow, desk, letter=letter)
    if look.group.status is not Status.DETECTED:
        # Whoever has answered that one is paged no more, and would not hear of this.
        await alerts.let_go(look.group.incident_id)
        return await own_up(uow, desk, letter=letter)
    await _raise(uow, desk, incident_id=look.group.incident_id, severity=severity)
    await note_all(uow, Note(look.group.incident_id, Kind.NOTE, title, summary))
    return "noted"


async def _raise(uow: UnitOfWork, desk: Desk, *, incident_id: UUID, severity: Severity) -> None:
    incident = await take(uow, incident_id)
    if not severity.graver_than(incident.severity):
        return
    limits = desk.rules.response_limits
    graver = change_severity(incident, severity, limits=limits, now=uow.now, reason="graver_alert_joined")
    await record(uow, desk, before=incident, decision=graver)


def _read(letter: DeadLetter) -> AlertEvent | None:
    if letter.envelope is None:
        return None
    try:
        event = letter.envelope.event()
    except (UnknownEventType, MalformedEvent):
        return None
    return event if isinstance(event, AlertEvent) else None


def _what(event: AlertEvent | None) -> tuple[str, Severity]:
    """What to call it and how bad it is; what cannot be read counts as high."""
    if event is None:
        return "Tocsin could not read an alert", Severity.SEV2
    severity = DEFAULT_MAP[AlertSeverity(event.alert.severity)] or Severity.SEV4
    return f"Tocsin could not process the alert “{event.alert.title}”", severity
