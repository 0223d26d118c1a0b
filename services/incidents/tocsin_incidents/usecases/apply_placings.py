"""What was decided for firing alerts comes true."""

from collections.abc import Sequence
from dataclasses import replace

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_incidents.domain.alert import Firing
from tocsin_incidents.domain.correlation import Decision, Placement
from tocsin_incidents.domain.incident import Origin
from tocsin_incidents.domain.lifecycle import change_severity, reopen
from tocsin_incidents.domain.opening import Opening
from tocsin_incidents.store.alerts import AlertRepository, Joined
from tocsin_incidents.store.incidents import Beginning, begun
from tocsin_incidents.usecases.decide_alone import Placing
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.open_incident import begin
from tocsin_incidents.usecases.record import record, take
from tocsin_incidents.usecases.telling import Words

SETTLE = "settle"
"""The worker that counts what has joined and ended."""


async def apply_placings(uow: UnitOfWork, desk: Desk, placings: Sequence[Placing]) -> list[Placing]:
    """Apply them in order; new incidents are written together. Settle the unit of work before you read them.

    Returns those for which somebody else was quicker: they are to be decided anew.
    """
    groups = {
        placing.decision.incident_id: placing.alert.group_id
        for placing in placings
        if placing.decision.placement is Placement.OPEN and placing.decision.incident_id is not None
    }
    numbers = await AlertRepository(uow.conn).claim_new(groups) if groups else {}
    lost = groups.keys() - numbers.keys()
    left, new = [], list[Beginning]()
    for placing in placings:
        decision = placing.decision
        uow.cause = placing.cause
        if decision.incident_id in lost:
            left.append(placing)
            continue
        if decision.placement is Placement.OPEN:
            assert decision.incident_id is not None, "an incident that opens has its id already"
            new.append(_begin(uow, desk, placing=placing, number=numbers[decision.incident_id]))
        else:
            await _settle(uow, new)
            if not await _apply(uow, desk, alert=placing.alert, decision=decision):
                left.append(placing)
                continue
        uow.after_commit(desk.measures.placed.labels(decision.reason).inc)
    if new:
        uow.write(*begun(new))
    return left


def _begin(uow: UnitOfWork, desk: Desk, *, placing: Placing, number: int) -> Beginning:
    alert, decision = placing.alert, placing.decision
    assert decision.severity is not None, "only what has a severity opens"
    opening = Opening(
        alert.title,
        decision.severity,
        origin=Origin.ALERT,
        detected_at=alert.received_at,
        summary=alert.description,
        service=placing.service,
        service_name=alert.service,
    )
    belongs = joined(alert, decision)
    return begin(
        uow,
        desk,
        incident_id=belongs.incident_id,
        number=number,
        opening=opening,
        reason=decision.reason,
        alert=belongs,
    )


async def _settle(uow: UnitOfWork, new: list[Beginning]) -> None:
    """Write what has begun so far, for what follows may belong to it."""
    if new:
        uow.write(*begun(new))
        await uow.settle()
        new.clear()


async def _apply(uow: UnitOfWork, desk: Desk, *, alert: Firing, decision: Decision) -> bool:
    """False when somebody else was quicker, and all is to be decided anew."""
    match decision.placement:
        case Placement.JOIN:
            if not await _join(uow, alert, decision=decision):
                return False
        case Placement.REOPEN:
            await _reopen(uow, desk, decision=decision)
            if decision.reason != "alert_still_firing":  # that one is the incident's own, and counted already
                await _join(uow, alert, decision=decision)
        case _:
            pass
    if decision.severity is not None:
        await _raise_severity(uow, desk, alert=alert, decision=decision)
    return True


async def _join(uow: UnitOfWork, alert: Firing, *, decision: Decision) -> bool:
    """Touches no row that other alerts touch; `settle` counts it and tells, many at once."""
    alerts = AlertRepository(uow.conn)
    belongs = joined(alert, decision)
    if decision.reason == "same_service_in_window" and not await alerts.claim_group(
        belongs.group_id, belongs.incident_id
    ):
        return False
    await alerts.join((belongs, uow.cause), at=uow.now)
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
    asked = replace(raised, after=replace(raised.after, asked_severity=decision.severity))
    words = Words(data={"alert_id": str(alert.alert_id), "from": str(incident.severity)})
    await record(uow, desk, before=incident, decision=asked, words=words)


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
