"""What this service listens to: the index of what makes it move by itself."""

from collections.abc import Sequence

import structlog

from tocsin_bus.subscriptions import DeadLetter, Heard, Subscriptions
from tocsin_bus.timers import Timer, Timers
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.alerts import Alert, AlertAcknowledged, AlertOpened, AlertRepeated, AlertResolved
from tocsin_events.pages import (
    AcknowledgementExpired,
    Channel,
    EscalationExhausted,
    Page,
    PageAcknowledged,
    PageFailed,
    PageSent,
    PageUndeliverable,
)
from tocsin_incidents.domain.alert import Firing
from tocsin_incidents.domain.incident import Actor
from tocsin_incidents.domain.severity import AlertSeverity
from tocsin_incidents.domain.timeline import Kind
from tocsin_incidents.domain.wording import count_of
from tocsin_incidents.usecases.clear_alert import clear_alert
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.hear_paging import (
    Note,
    lapse_acknowledgement,
    note_all,
    take_acknowledgement,
    take_senders_acknowledgement,
)
from tocsin_incidents.usecases.own_up import own_up
from tocsin_incidents.usecases.place_alert import place_alert
from tocsin_incidents.usecases.place_alerts import place_alerts
from tocsin_incidents.usecases.record import DEADLINE
from tocsin_incidents.usecases.watch_deadline import watch_deadline

log = structlog.get_logger("tocsin.incidents")

NO_POLICY = (
    "No escalation policy covers this incident: every administrator is paged. "
    "Give its service a policy, or make one the default"
)
WAYS = {Channel.EMAIL: "e-mail", Channel.WEBHOOK: "webhook", Channel.APPRISE: "Apprise"}


def subscriptions_for(desk: Desk) -> Subscriptions:
    """Every event that this service acts on."""
    subscriptions = Subscriptions("incidents")
    _hear_alerts(subscriptions, desk)
    _hear_acknowledgements(subscriptions, desk)
    _hear_pages(subscriptions)

    @subscriptions.on_dead
    async def dead(letter: DeadLetter, uow: UnitOfWork) -> None:
        reason = await own_up(uow, desk, letter=letter)
        log.error("event.dead", type=letter.type, topic=str(letter.topic), reason=reason)

    return subscriptions


def timers_for(desk: Desk) -> Timers:
    """Every kind of timer that this service sets."""
    timers = Timers()

    @timers.on(DEADLINE)
    async def response_deadline(timer: Timer, uow: UnitOfWork) -> None:
        reason = await watch_deadline(uow, desk, incident_id=timer.subject, due_at=timer.due_at)
        log.info("deadline.passed", incident_id=str(timer.subject), reason=reason)

    return timers


def _hear_alerts(subscriptions: Subscriptions, desk: Desk) -> None:
    @subscriptions.on_many(AlertOpened)
    async def open_or_join(heard: Sequence[Heard], uow: UnitOfWork) -> None:
        await place_alerts(uow, desk, alerts=[(_firing(one.event.alert), one.cause) for one in heard])

    @subscriptions.on(AlertRepeated)
    async def keep_or_reopen(event: AlertRepeated, uow: UnitOfWork) -> None:
        await place_alert(uow, desk, alert=_firing(event.alert), told_again=True)

    @subscriptions.on(AlertResolved)
    async def count_as_cleared(event: AlertResolved, uow: UnitOfWork) -> None:
        with_incident = event.reason == "resolved_with_incident"
        await clear_alert(uow, event.alert.alert_id, ended_at=event.ended_at, with_incident=with_incident)


def _hear_acknowledgements(subscriptions: Subscriptions, desk: Desk) -> None:
    @subscriptions.on(AlertAcknowledged)
    async def acknowledge_by_sender(event: AlertAcknowledged, uow: UnitOfWork) -> None:
        reason = await take_senders_acknowledgement(
            uow, desk, alert_id=event.alert.alert_id, source=event.alert.source
        )
        log.info("alert.acknowledged", alert_id=str(event.alert.alert_id), reason=reason)

    @subscriptions.on(PageAcknowledged)
    async def acknowledge(event: PageAcknowledged, uow: UnitOfWork) -> None:
        actor = Actor(event.user_id, event.user)
        reason = await take_acknowledgement(
            uow, desk, incident_id=event.incident_id, actor=actor, via=event.via, at=event.at
        )
        log.info("page.acknowledged", incident_id=str(event.incident_id), reason=reason)

    @subscriptions.on(AcknowledgementExpired)
    async def lapse(event: AcknowledgementExpired, uow: UnitOfWork) -> None:
        reason = await lapse_acknowledgement(
            uow, desk, incident_id=event.incident_id, user_id=event.user_id, reason=event.reason
        )
        log.info("acknowledgement.expired", incident_id=str(event.incident_id), reason=reason)


def _hear_pages(subscriptions: Subscriptions) -> None:
    @subscriptions.on_many(PageSent, PageFailed, PageUndeliverable, EscalationExhausted)
    async def note(heard: Sequence[Heard], uow: UnitOfWork) -> None:
        await note_all(uow, *(_note(one.event) for one in heard))


def _note(event: PageSent | PageFailed | PageUndeliverable | EscalationExhausted) -> Note:
    match event:
        case PageSent(page=page):
            title = f"{page.user} was paged by {WAYS[page.channel]}"
            data = {**_about(page), "attempts": event.attempts, "may_repeat": event.may_repeat}
            return Note(page.incident_id, Kind.PAGE_SENT, title, data=data)
        case PageFailed(page=page):
            tries = count_of(event.attempts, "attempt")
            title = f"Could not page {page.user} by {WAYS[page.channel]} in {tries}: {event.reason}"
            data = {**_about(page), "attempts": event.attempts, "reason": event.reason}
            return Note(page.incident_id, Kind.PAGE_FAILED, title, data=data)
        case PageUndeliverable():
            reason = event.reason.replace("_", " ")
            title = (
                f"Step {event.step} of the escalation reached nobody: {reason}" if event.step else NO_POLICY
            )
            data = {"step": event.step, "reason": event.reason}
            return Note(event.incident_id, Kind.PAGE_UNDELIVERABLE, title, data=data)
        case EscalationExhausted():
            rounds = count_of(event.rounds, "round")
            title = f"Nobody answered: every step of the escalation went unanswered in {rounds}"
            return Note(event.incident_id, Kind.ESCALATION_EXHAUSTED, title, data={"rounds": event.rounds})


def _about(page: Page) -> dict[str, object]:
    return {
        "page_id": str(page.page_id),
        "user_id": str(page.user_id),
        "channel": str(page.channel),
        "step": page.step,
        "round": page.round,
    }


def _firing(alert: Alert) -> Firing:
    return Firing(
        alert.alert_id,
        alert.group_id,
        severity=AlertSeverity(alert.severity),
        title=alert.title,
        received_at=alert.received_at,
        description=alert.description,
        service_id=alert.service_id,
        service=alert.service,
    )
