"""Timers of paging: what is due, by database time (R23)."""

from tocsin_bus.timers import Timer, Timers
from tocsin_bus.unit_of_work import OpenUnitOfWork, UnitOfWork
from tocsin_paging.usecases.audit import audit
from tocsin_paging.usecases.carry_out import EXPIRY_TIMER, STEP_TIMER
from tocsin_paging.usecases.escalate import escalate_due, expire_acknowledgement
from tocsin_paging.usecases.pager import Pager


def timers_of(pager: Pager) -> Timers:
    """Return the table of timer kinds."""
    timers = Timers()

    @timers.on(STEP_TIMER)
    async def step(timer: Timer, uow: UnitOfWork) -> None:
        await escalate_due(uow, timer, pager=pager)

    @timers.on(EXPIRY_TIMER)
    async def expiry(timer: Timer, uow: UnitOfWork) -> None:
        await expire_acknowledgement(uow, timer, pager=pager)

    return timers


class Auditor:
    """Runs the audit (R28). It returns 0 always: it is to wait its interval, however much it repaired."""

    def __init__(self, open_uow: OpenUnitOfWork, pager: Pager) -> None:
        self._open_uow = open_uow
        self._pager = pager

    async def run_once(self) -> int:
        """Audit once."""
        async with self._open_uow() as uow:
            await audit(uow, pager=self._pager)
        return 0
