"""The service's side of sending: asked before each page leaves, told what became of it."""

from collections.abc import Collection, Sequence
from uuid import UUID

from tocsin_bus.sending import Sending, Tried
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_paging.usecases.pager import Pager
from tocsin_paging.usecases.record_page import page_stalled, record_pages, still_wanted


class OutgoingPages:
    """What the runner of each provider asks and tells."""

    def __init__(self, pager: Pager) -> None:
        self._pager = pager

    async def still_wanted(self, sendings: Sequence[Sending], uow: UnitOfWork) -> Collection[UUID]:
        """Say whose pages are still to leave (R31)."""
        return await still_wanted(uow, sendings, pager=self._pager)

    async def recorded(self, tried: Sequence[Tried], uow: UnitOfWork) -> None:
        """Write what became of them (R30)."""
        await record_pages(uow, tried, pager=self._pager)

    async def stalled(self, sending: Sending, reason: str, uow: UnitOfWork) -> None:
        """Count on other channels, or on the next step (R30)."""
        await page_stalled(uow, sending, reason, pager=self._pager)
