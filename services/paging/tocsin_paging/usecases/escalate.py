"""Timers of escalations: a step that is due, and an acknowledgement that has gone silent (R23-R27)."""

from tocsin_bus.timers import Timer
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.pages import AcknowledgementExpired
from tocsin_paging.domain.escalation import Reason, State, expire
from tocsin_paging.store.escalations import EscalationRepository
from tocsin_paging.usecases.carry_out import carry_out, is_current, take_step
from tocsin_paging.usecases.pager import Pager


async def escalate_due(uow: UnitOfWork, timer: Timer, *, pager: Pager) -> None:
    """Take the step that is due. A timer that is older than the last change does nothing."""
    case = await EscalationRepository(uow.conn).locked(timer.subject)
    if case and is_current(case, generation=timer.generation, state=State.TRIGGERED):
        await take_step(uow, case, pager=pager)


async def expire_acknowledgement(uow: UnitOfWork, timer: Timer, *, pager: Pager) -> None:
    """Nothing was heard since the answer: tell it, and page from step 1 again, and whoever had answered."""
    case = await EscalationRepository(uow.conn).locked(timer.subject)
    if case is None or not is_current(case, generation=timer.generation, state=State.ACKNOWLEDGED):
        return
    silent = case.escalation.acknowledged_by
    decision = expire(case.escalation, now=uow.now)
    moved = await carry_out(uow, case, decision, pager=pager)
    if decision.reason == Reason.EXPIRED:
        uow.emit(AcknowledgementExpired(incident_id=timer.subject, at=uow.now, user_id=silent))
        await take_step(uow, moved, pager=pager, also=silent)
