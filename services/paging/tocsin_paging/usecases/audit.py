"""The auditor (R28): every open incident has a future timer, or an answer that holds; what has not is repaired."""

from dataclasses import replace

import structlog

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_paging.domain.escalation import State
from tocsin_paging.store.escalations import EscalationRepository
from tocsin_paging.usecases.carry_out import arm
from tocsin_paging.usecases.pager import Pager

log = structlog.get_logger("tocsin.paging")


async def audit(uow: UnitOfWork, *, pager: Pager) -> int:
    """Set going what stands still, and count it: a repair means that something else is broken. Returns how many."""
    escalations = EscalationRepository(uow.conn)
    lost = await escalations.without_future()
    for incident_id, case in (await escalations.locked_all(lost)).items():
        if case.escalation.state == State.RESOLVED:
            continue
        moved = replace(case.escalation, generation=case.escalation.generation + 1)
        await escalations.save(case.now(moved), now=uow.now)
        arm(uow, moved)
        pager.figures.repairs.inc()
        log.error("escalation.repaired", incident_id=str(incident_id), state=moved.state.value)
    await _measure(escalations, pager=pager)
    pager.figures.audits.inc()
    return len(lost)


async def _measure(escalations: EscalationRepository, *, pager: Pager) -> None:
    counted = await escalations.count_by_state()
    for state in (State.TRIGGERED, State.ACKNOWLEDGED):
        pager.figures.escalations.labels(state.value).set(counted.get(state.value, 0))
