"""What makes this service move: event type -> use case."""

from collections.abc import Sequence

from tocsin_bus.subscriptions import DeadLetter, Heard, Subscriptions
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.incidents import (
    IncidentAcknowledged,
    IncidentClosed,
    IncidentEvent,
    IncidentNoteAdded,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentSeverityChanged,
    IncidentStatusChanged,
    IncidentUpdatePosted,
)
from tocsin_paging.usecases.follow_incident import (
    acknowledged_ahead,
    acknowledged_elsewhere,
    activity,
    reopened,
    resolved,
    resolved_ahead,
    severity_changed,
)
from tocsin_paging.usecases.notices import tell_of_dead_letter
from tocsin_paging.usecases.pager import Pager
from tocsin_paging.usecases.start_escalation import Opened, start_escalations


def subscriptions_of(pager: Pager) -> Subscriptions:
    """Return the table. The runner knows each event once in effect, so no handler sees one twice."""
    subscriptions = Subscriptions("paging")

    @subscriptions.on_many(IncidentOpened)
    async def opened(heard: Sequence[Heard], uow: UnitOfWork) -> None:
        await start_escalations(uow, [Opened(one.event.incident, one.cause) for one in heard], pager=pager)

    @subscriptions.on(IncidentAcknowledged)
    async def acknowledged(event: IncidentAcknowledged, uow: UnitOfWork) -> None:
        await acknowledged_elsewhere(uow, event, pager=pager)

    @subscriptions.on(IncidentSeverityChanged)
    async def severity(event: IncidentSeverityChanged, uow: UnitOfWork) -> None:
        await severity_changed(uow, event, pager=pager)

    @subscriptions.on(IncidentResolved, IncidentClosed)
    async def over(event: IncidentEvent, uow: UnitOfWork) -> None:
        await resolved(uow, event.incident, pager=pager)

    @subscriptions.on(IncidentReopened)
    async def not_over(event: IncidentReopened, uow: UnitOfWork) -> None:
        await reopened(uow, event.incident, pager=pager)

    @subscriptions.on(IncidentStatusChanged, IncidentUpdatePosted, IncidentNoteAdded)
    async def somebody_works(event: IncidentEvent, uow: UnitOfWork) -> None:
        await activity(uow, event, pager=pager)

    @subscriptions.on_ahead(IncidentAcknowledged)
    async def acknowledged_now(event: IncidentAcknowledged, uow: UnitOfWork) -> None:
        await acknowledged_ahead(uow, event, pager=pager)

    @subscriptions.on_ahead(IncidentResolved)
    async def over_now(event: IncidentResolved, uow: UnitOfWork) -> None:
        await resolved_ahead(uow, event.incident, pager=pager)

    @subscriptions.on_dead
    async def dead(letter: DeadLetter, uow: UnitOfWork) -> None:
        await tell_of_dead_letter(letter, uow, pager=pager)

    return subscriptions
