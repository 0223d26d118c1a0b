"""A database with facts that came in as events, through the service's own handlers."""

from collections.abc import Awaitable, Callable, Iterable

import pytest

from tocsin_analytics.consumers import subscriptions
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_events.base import Event

Tell = Callable[[Iterable[Event]], Awaitable[None]]
PORTION = 500


@pytest.fixture
def tell(open_uow: OpenUnitOfWork) -> Tell:
    """Hands events to the handlers as the runner does, only many in one transaction."""
    return lambda events: tell_all(events, open_uow)


async def tell_all(events: Iterable[Event], open_uow: OpenUnitOfWork) -> None:
    """The same, for a database of one's own."""
    waiting = list(events)
    for start in range(0, len(waiting), PORTION):
        async with open_uow() as uow:
            for event in waiting[start : start + PORTION]:
                handler = subscriptions.handler_for(event)
                if handler is not None:
                    await handler(event, uow)
