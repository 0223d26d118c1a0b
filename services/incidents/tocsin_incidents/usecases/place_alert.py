"""A firing alert finds its incident, or opens one."""

from dataclasses import replace
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_incidents.domain.alert import Firing
from tocsin_incidents.domain.correlation import Decision, Known, Placement, correlate
from tocsin_incidents.store.alerts import AlertRepository
from tocsin_incidents.usecases.apply_placings import apply_placings
from tocsin_incidents.usecases.decide_alone import Lone, Placing, decide_alone, service_of
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.record import save_next, take
from tocsin_runtime.ids import new_id

TRIES = 3


class Contended(Exception):
    """Others opened and ended incidents of the same group all the while; the event is to be tried again."""


async def place_alert(uow: UnitOfWork, desk: Desk, *, alert: Firing, told_again: bool = False) -> Decision:
    """Place it by the rules; `told_again` is for an alert that has fired before and still does."""
    for _ in range(TRIES):
        placing = await _decide(uow, desk, alert=alert, told_again=told_again)
        left = await _left_by(uow, placing) if told_again else None
        if not await apply_placings(uow, desk, [placing]):
            if left is not None:
                await _count_off(uow, incident_id=left)
            return placing.decision
    raise Contended(f"group {alert.group_id}")


async def _decide(uow: UnitOfWork, desk: Desk, *, alert: Firing, told_again: bool) -> Placing:
    alerts = AlertRepository(uow.conn)
    own = await alerts.incident_of(alert.alert_id) if told_again else None
    look = await alerts.first_look(alert.group_id, alert.service_id)
    if own is None and look.lone:
        (placing,) = await decide_alone(uow, desk, lone=[Lone(alert, uow.cause, look)])
        return placing
    severity = look.severity_map.get(alert.severity)
    decision = correlate(severity, Known(own=own, group=look.group), rules=desk.rules, now=uow.now)
    if decision.placement is not Placement.OPEN:
        return Placing(alert, uow.cause, decision)
    opens = replace(decision, incident_id=new_id())
    return Placing(alert, uow.cause, opens, await service_of(uow, alert))


async def _left_by(uow: UnitOfWork, placing: Placing) -> UUID | None:
    """The incident that counts an alert which is about to belong to another one."""
    if placing.decision.placement not in (Placement.OPEN, Placement.JOIN):
        return None
    return await AlertRepository(uow.conn).counted_in(placing.alert.alert_id)


async def _count_off(uow: UnitOfWork, *, incident_id: UUID) -> None:
    """An alert fires elsewhere now. One that is over would else never resolve by itself, should it be reopened."""
    incident = await take(uow, incident_id)
    await save_next(uow, replace(incident, firing_count=max(0, incident.firing_count - 1)))
