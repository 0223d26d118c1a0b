"""What makes comms move: which event leads to which use case, and what its timers do."""

from collections.abc import Sequence

from tocsin_bus.subscriptions import Heard, Subscriptions
from tocsin_bus.timers import Timer, Timers
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_comms.usecases.follow import REMINDER, follow
from tocsin_comms.usecases.maintain import EDGE, pass_edge
from tocsin_comms.usecases.news import TELLING, news_of
from tocsin_comms.usecases.remind import remind
from tocsin_comms.usecases.rules import Rules


def subscriptions_for(rules: Rules) -> Subscriptions:
    """The subscription table. Whatever tells of incidents is taken over together: all of it wants the page's row."""
    subscriptions = Subscriptions("comms")

    @subscriptions.on_many(*TELLING)
    async def take_over(heard: Sequence[Heard], uow: UnitOfWork) -> None:
        await follow(uow, [news_of(each) for each in heard], rules=rules)

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
