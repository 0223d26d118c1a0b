"""A firing alert finds its incident, or opens one."""

from dataclasses import replace

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_incidents.domain.alert import Firing
from tocsin_incidents.domain.correlation import Decision, Known, Placement, correlate
from tocsin_incidents.store.alerts import AlertRepository
from tocsin_incidents.usecases.apply_placings import apply_placings
from tocsin_incidents.usecases.decide_alone import Lone, Placing, decide_alone, service_of
from tocsin_incidents.usecases.desk import Desk
from tocsin_runtime.ids import new_id

TRIES = 3


class Contended(Exception):
    """Others opened and ended incidents of the same group all the while; the event is to be tried again."""


async def place_alert(uow: UnitOfWork, desk: Desk, *, alert: Firing, told_again: bool = False) -> Decision:
    """Place it by the rules; `told_again` is for an alert that has fired before and still does."""
    for _ in range(TRIES):
        placing = await _decide(uow, desk, alert=alert, told_again=told_again)
        if not await apply_placings(uow, desk, [placing]):
            return placing.decision
    raise Contended(f"group {alert.group_id}")


async def _decide(uow: UnitOfWork, desk: Desk, *, alert: Firing, told_again: bool) -> Placing:
    alerts = AlertRepository(uow.conn)
    own = await alerts.incident_of(alert.alert_id) if told_again else None
    look = await alerts.first_look(alert.group_id, alert.service_id)
    if own is None and look.group is None:
        (placing,) = await decide_alone(uow, desk, lone=[Lone(alert, uow.cause, look)])
        return placing
    severity = look.severity_map.get(alert.severity)
    decision = correlate(severity, Known(own=own, group=look.group), rules=desk.rules, now=uow.now)
    if decision.placement is not Placement.OPEN:
        return Placing(alert, uow.cause, decision)
    opens = replace(decision, incident_id=new_id())
    return Placing(alert, uow.cause, opens, await service_of(uow, alert))
