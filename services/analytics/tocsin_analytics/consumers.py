"""What makes this service move: every event that says something to a figure."""

from collections.abc import Sequence

from tocsin_analytics.usecases.record import record
from tocsin_analytics.usecases.told import SPEAKING, facts_of
from tocsin_bus.subscriptions import Heard, Subscriptions
from tocsin_bus.unit_of_work import UnitOfWork

subscriptions = Subscriptions("analytics")


@subscriptions.on_many(*SPEAKING)
async def told(heard: Sequence[Heard], uow: UnitOfWork) -> None:
    await record(uow, [fact for one in heard for fact in facts_of(one.event)])
