"""A firing alert finds its incident, or opens one."""

from dataclasses import replace

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_incidents.domain.alert import Firing
from tocsin_incidents.domain.catalogue import Service, folded
from tocsin_incidents.domain.correlation import Decision, Known, Placement, correlate
from tocsin_incidents.domain.incident import Origin
from tocsin_incidents.domain.lifecycle import change_severity, reopen
from tocsin_incidents.domain.opening import Opening
from tocsin_incidents.store.alerts import AlertRepository, FirstLook, Joined
from tocsin_incidents.store.services import ServiceRepository
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.open_incident import open_incident
from tocsin_incidents.usecases.record import record, take
from tocsin_incidents.usecases.telling import Words
from tocsin_runtime.ids import new_id

SETTLE = "settle"
"""The worker that counts what has joined and ended."""

TRIES = 3


class Contended(Exception):
    """Others opened and ended incidents of the same group all the while; the event is to be tried again."""


async def place_alert(
    uow: UnitOfWork, desk: Desk, *, alert: Firing, told_again: bool = False, look: FirstLook | None = None
) -> Decision:
    """Place it by the rules; `told_again` is for an alert that has fired before and still does.

    In a storm, when its group has an open incident, this is one look-up and one insert. `look` is the look-up, when
    the caller has just made it.
    """
    for _ in range(TRIES):
        decision = await _decide(uow, desk, alert=alert, told_again=told_again, look=look)
        look = None
        if await _apply(uow, desk, alert=alert, decision=decision):
            uow.after_commit(desk.measures.placed.labels(decision.reason).inc)
            return decision
    raise Contended(f"group {alert.group_id}")


async def _decide(
    uow: UnitOfWork, desk: Desk, *, alert: Firing, told_again: bool, look: FirstLook | None
) -> Decision:
    alerts = AlertRepository(uow.conn)
    own = await alerts.incident_of(alert.alert_id) if told_again else None
    look = look or await alerts.first_look(alert.group_id, alert.service_id)
    severity = look.severity_map.get(alert.severity)
    if own is not None or look.group is not None:
        return correlate(severity, Known(own=own, group=look.group), rules=desk.rules, now=uow.now)
    return await _decide_alone(uow, desk, alert=alert, look=look)


async def _decide_alone(uow: UnitOfWork, desk: Desk, *, alert: Firing, look: FirstLook) -> Decision:
    """Its group has no open incident: decide under the lock by which a service opens one after another."""
    service = await _service_of(uow, alert)
    severity = (service.severity_map if service else look.severity_map).get(alert.severity)
    alerts = AlertRepository(uow.conn)
    await alerts.lock_opening(service.id if service else alert.group_id)
    known = Known(
        group=await alerts.last_of_group(alert.group_id),
        service=await alerts.youngest_of_service(service.id) if service else None,
    )
    return correlate(severity, known, rules=desk.rules, now=uow.now)


async def _service_of(uow: UnitOfWork, alert: Firing) -> Service | None:
    """The service by the detector's match, else by name: the catalogue may be newer than the detector's copy."""
    catalogue = ServiceRepository(uow.conn)
    if alert.service_id is not None:
        return await catalogue.get(alert.service_id)
    return next(iter(await catalogue.called([folded(alert.service)])), None) if alert.service else None


async def _apply(uow: UnitOfWork, desk: Desk, *, alert: Firing, decision: Decision) -> bool:
    """False when somebody else was quicker, and all is to be decided anew."""
    match decision.placement:
        case Placement.OPEN:
            return await _open(uow, desk, alert=alert, decision=decision)
        case Placement.JOIN:
            if not await _join(uow, alert, decision=decision):
                return False
        case Placement.REOPEN:
            await _reopen(uow, desk, decision=decision)
            await _join(uow, alert, decision=decision)
        case Placement.KEEP | Placement.IGNORE:
            pass
    if decision.severity is not None:
        await _raise_severity(uow, desk, alert=alert, decision=decision)
    return True


async def _open(uow: UnitOfWork, desk: Desk, *, alert: Firing, decision: Decision) -> bool:
    assert decision.severity is not None, "only what has a severity opens"
    alerts, incident_id = AlertRepository(uow.conn), new_id()
    if not await alerts.claim_group(alert.group_id, incident_id):
        return False
    opening = Opening(
        alert.title,
        decision.severity,
        origin=Origin.ALERT,
        detected_at=alert.received_at,
        summary=alert.description,
        service=await _service_of(uow, alert),
        service_name=alert.service,
    )
    await open_incident(
        uow, desk, incident_id=incident_id, opening=opening, reason=decision.reason, alert=alert
    )
    placed = replace(decision, incident_id=incident_id)
    await alerts.join_counted(joined(alert, placed), at=uow.now)
    return True


async def _join(uow: UnitOfWork, alert: Firing, *, decision: Decision) -> bool:
    """Touches no row that other alerts touch; `settle` counts it and tells, many at once."""
    alerts = AlertRepository(uow.conn)
    belongs = joined(alert, decision)
    if decision.reason == "same_service_in_window" and not await alerts.claim_group(
        belongs.group_id, belongs.incident_id
    ):
        return False
    await alerts.join(belongs, at=uow.now)
    uow.wake(SETTLE)
    return True


async def _reopen(uow: UnitOfWork, desk: Desk, *, decision: Decision) -> None:
    assert decision.incident_id is not None
    incident = await take(uow, decision.incident_id)
    again = reopen(incident, desk.rules, now=uow.now, reason=decision.reason)
    await record(uow, desk, before=incident, decision=again)


async def _raise_severity(uow: UnitOfWork, desk: Desk, *, alert: Firing, decision: Decision) -> None:
    assert decision.incident_id is not None
    assert decision.severity is not None
    incident = await take(uow, decision.incident_id)
    if not incident.is_open or not decision.severity.graver_than(incident.severity):
        return
    raised = change_severity(
        incident,
        decision.severity,
        limits=desk.rules.response_limits,
        now=uow.now,
        reason="graver_alert_joined",
    )
    words = Words(data={"alert_id": str(alert.alert_id), "from": str(incident.severity)})
    await record(uow, desk, before=incident, decision=raised, words=words)


def joined(alert: Firing, decision: Decision) -> Joined:
    """The alert with the incident that was decided for it."""
    assert decision.incident_id is not None
    return Joined(
        alert.alert_id,
        decision.incident_id,
        group_id=alert.group_id,
        title=alert.title,
        severity=str(alert.severity),
        reason=decision.reason,
    )
