"""The service's side of sending: asked before each page leaves, told what became of it."""

from tocsin_bus.sending import Outcome, Sending
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_paging.usecases.pager import Pager
from tocsin_paging.usecases.record_page import page_stalled, record_page, still_wanted


class OutgoingPages:
    """What the runner of each provider asks and tells."""

    def __init__(self, pager: Pager) -> None:
        self._pager = pager

    async def still_wanted(self, sending: Sending, uow: UnitOfWork) -> bool:
        """Say whether the page is still to leave (R31)."""
        return await still_wanted(uow, sending, pager=self._pager)

    async def recorded(self, sending: Sending, outcome: Outcome, uow: UnitOfWork) -> None:
        """Write what became of it (R30)."""
        await record_page(uow, sending, outcome, pager=self._pager)

    async def stalled(self, sending: Sending, reason: str, uow: UnitOfWork) -> None:
        """Count on other channels, or on the next step (R30)."""
        await page_stalled(uow, sending, reason, pager=self._pager)
