"""What makes comms move: which event leads to which use case, and what its timers do."""

from tocsin_bus.subscriptions import Subscriptions
from tocsin_bus.timers import Timer, Timers
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_comms.domain.chat import escape, reply, worth_an_edit
from tocsin_comms.domain.revision import Posted
from tocsin_comms.usecases.chat import note
from tocsin_comms.usecases.follow import REMINDER, follow
from tocsin_comms.usecases.maintain import EDGE, pass_edge
from tocsin_comms.usecases.remind import remind
from tocsin_comms.usecases.rules import Rules
from tocsin_events.incidents import (
    IncidentAcknowledged,
    IncidentAlertJoined,
    IncidentAssigned,
    IncidentClosed,
    IncidentDetailsChanged,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentResponseOverdue,
    IncidentSeverityChanged,
    IncidentStatusChanged,
    IncidentUpdatePosted,
)
from tocsin_events.pages import EscalationExhausted, PageUndeliverable
from tocsin_runtime.text import clean


def subscriptions_for(rules: Rules) -> Subscriptions:
    """The subscription table."""
    subscriptions = Subscriptions("comms")
    _follow_silently(subscriptions, rules)
    _follow_news(subscriptions, rules)
    _follow_ends(subscriptions, rules)
    _follow_pages(subscriptions, rules)
    return subscriptions


def timers_for(rules: Rules) -> Timers:
    """The table of timers."""
    timers = Timers()

    @timers.on(REMINDER)
    async def update_reminder(timer: Timer, uow: UnitOfWork) -> None:
        await remind(uow, timer.subject, generation=timer.generation, due_at=timer.due_at, rules=rules)

    @timers.on(EDGE)
    async def maintenance_edge(_: Timer, uow: UnitOfWork) -> None:
        await pass_edge(uow)

    return timers


def _follow_silently(subscriptions: Subscriptions, rules: Rules) -> None:
    """What the one message and the page show, and no more."""

    @subscriptions.on(
        IncidentOpened,
        IncidentAcknowledged,
        IncidentAssigned,
        IncidentStatusChanged,
        IncidentDetailsChanged,
        IncidentClosed,
    )
    async def take_over(
        event: IncidentOpened
        | IncidentAcknowledged
        | IncidentAssigned
        | IncidentStatusChanged
        | IncidentDetailsChanged
        | IncidentClosed,
        uow: UnitOfWork,
    ) -> None:
        await follow(uow, event.incident, rules=rules)

    @subscriptions.on(IncidentAlertJoined)
    async def alert_joined(event: IncidentAlertJoined, uow: UnitOfWork) -> None:
        news = worth_an_edit(event.incident.alert_count)
        await follow(uow, event.incident, rules=rules, silently=not news)


def _follow_news(subscriptions: Subscriptions, rules: Rules) -> None:
    """What the thread is told, too."""

    @subscriptions.on(IncidentUpdatePosted)
    async def update_posted(event: IncidentUpdatePosted, uow: UnitOfWork) -> None:
        body = clean(event.body)
        what = "a public update" if event.public else "an update"
        words = f":memo: {_who(event.actor_name)} posted {what}"
        await follow(
            uow,
            event.incident,
            rules=rules,
            posted=Posted(event.update_id, body, event.posted_at) if event.public else None,
            reply=reply(words, body=body),
        )

    @subscriptions.on(IncidentSeverityChanged)
    async def severity_changed(event: IncidentSeverityChanged, uow: UnitOfWork) -> None:
        words = f"Severity changed from {event.previous.value} to *{event.incident.severity.value}*"
        said = reply(words, body=clean(event.reason))
        await follow(uow, event.incident, rules=rules, reply=said)


def _follow_ends(subscriptions: Subscriptions, rules: Rules) -> None:
    """What ends an incident, or begins it again."""

    @subscriptions.on(IncidentResolved)
    async def resolved(event: IncidentResolved, uow: UnitOfWork) -> None:
        how = "all its alerts cleared" if event.reason == "alerts_cleared" else "resolved by hand"
        said = reply(f":white_check_mark: Resolved: {how}", body=clean(event.resolution))
        await follow(uow, event.incident, rules=rules, reply=said)

    @subscriptions.on(IncidentReopened)
    async def reopened(event: IncidentReopened, uow: UnitOfWork) -> None:
        said = reply(":rotating_light: Reopened", body=clean(event.reason))
        await follow(uow, event.incident, rules=rules, reply=said)

    @subscriptions.on(IncidentResponseOverdue)
    async def response_overdue(event: IncidentResponseOverdue, uow: UnitOfWork) -> None:
        said = reply(":warning: The response deadline passed and nobody has acknowledged")
        await follow(uow, event.incident, rules=rules, reply=said)


def _follow_pages(subscriptions: Subscriptions, rules: Rules) -> None:
    """What the team must know about paging."""

    @subscriptions.on(EscalationExhausted)
    async def exhausted(event: EscalationExhausted, uow: UnitOfWork) -> None:
        words = f":warning: Nobody answered: every step was paged {event.rounds} times"
        await note(uow, event.incident_id, reply(words), rules=rules)

    @subscriptions.on(PageUndeliverable)
    async def undeliverable(event: PageUndeliverable, uow: UnitOfWork) -> None:
        unreached = f"Step {event.step} of the escalation reached nobody"
        uncovered = "No escalation policy covers it: every administrator is paged"
        words = f":warning: {unreached if event.step else uncovered}"
        await note(uow, event.incident_id, reply(words, body=clean(event.reason)), rules=rules)


def _who(name: str | None) -> str:
    return f"*{escape(clean(name))}*" if name else "Somebody"
