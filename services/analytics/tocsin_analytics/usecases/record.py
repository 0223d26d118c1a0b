"""Join what an event says with what is known.

The facts can be emptied and made again by a replay of the topics.
"""

from collections.abc import Sequence

from tocsin_analytics.domain.deliveries import AlertFacts, PageFacts
from tocsin_analytics.domain.facts import IncidentFacts
from tocsin_analytics.store.facts import FactsRepository
from tocsin_bus.unit_of_work import UnitOfWork

FIGURES = "figures"
"""What open pages know the figures as."""


async def record_incident(uow: UnitOfWork, told: IncidentFacts) -> None:
    """Keep what was told of an incident, whichever topic told it."""
    await FactsRepository(uow.conn).add_incident(told, uow.now)
    uow.announce(FIGURES)


async def record_page(uow: UnitOfWork, told: PageFacts) -> None:
    """Keep what was told of a page."""
    await FactsRepository(uow.conn).add_page(told)


async def record_alerts(uow: UnitOfWork, told: Sequence[AlertFacts]) -> None:
    """Keep what was told of alerts, many at once."""
    await FactsRepository(uow.conn).add_alerts(told)
