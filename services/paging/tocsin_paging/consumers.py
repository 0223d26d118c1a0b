"""What makes this service move: event type -> use case."""

from collections.abc import Sequence

from tocsin_bus.subscriptions import DeadLetter, Heard, Subscriptions
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.incidents import IncidentAcknowledged, IncidentEvent, IncidentResolved
from tocsin_paging.usecases.follow_incident import FOLLOWED, follow, told_ahead
from tocsin_paging.usecases.notices import tell_of_dead_letter
from tocsin_paging.usecases.pager import Pager


def subscriptions_of(pager: Pager) -> Subscriptions:
    """Return the table. The runner knows each event once in effect, so no handler sees one twice.

    All that a batch tells of incidents is taken over together, for all of it locks them.
    """
    subscriptions = Subscriptions("paging")

    @subscriptions.on_many(*FOLLOWED)
    async def take_over(heard: Sequence[Heard], uow: UnitOfWork) -> None:
        await follow(uow, heard, pager=pager)

    @subscriptions.on_ahead(IncidentAcknowledged, IncidentResolved)
    async def ahead(event: IncidentEvent, uow: UnitOfWork) -> None:
        await told_ahead(uow, event, pager=pager)

    @subscriptions.on_dead
    async def dead(letter: DeadLetter, uow: UnitOfWork) -> None:
        await tell_of_dead_letter(letter, uow, pager=pager)

    return subscriptions
