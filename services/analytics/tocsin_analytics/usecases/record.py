"""Join what events say with what is known.

The facts can be emptied and made again by a replay of the topics.
"""

from collections.abc import Sequence

from tocsin_analytics.domain.facts import IncidentFacts
from tocsin_analytics.store.facts import Fact, add_facts
from tocsin_bus.unit_of_work import UnitOfWork

FIGURES = "figures"
"""What open pages know the figures as."""


async def record(uow: UnitOfWork, told: Sequence[Fact]) -> None:
    """Keep what was told, whichever topics told it."""
    await add_facts(uow.conn, told, uow.now)
    if any(isinstance(one, IncidentFacts) for one in told):
        uow.announce(FIGURES)
