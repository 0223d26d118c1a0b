"""What the incidents service tells about alerts: which incident they belong to, and that somebody has taken it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_detector.domain.alert import Alert, Status
from tocsin_detector.domain.dedup import Verb
from tocsin_detector.store.alerts import AlertRepository
from tocsin_detector.store.decisions import Decided, DecisionLog
from tocsin_detector.store.incidents import IncidentNumbers
from tocsin_detector.store.lanes import LaneStore


@dataclass(frozen=True, slots=True)
class Joining:
    """These alerts belong to an incident. What joins an acknowledged one is acknowledged with it."""

    alert_ids: Sequence[UUID]
    incident_id: UUID
    number: int
    acknowledged: bool


async def join_incidents(uow: UnitOfWork, joinings: Sequence[Joining]) -> None:
    """Keep, in order, which incidents alerts belong to.

    Many at once, for their lanes are held meanwhile: after an outage they come by the hundred, and new alerts wait.
    """
    await IncidentNumbers(uow.conn).learn({joining.incident_id: joining.number for joining in joinings})
    alerts = {a.id: a for a in await _held(uow, [id_ for joining in joinings for id_ in joining.alert_ids])}
    changed: dict[UUID, Alert] = {}
    decided = []
    for joining in joinings:
        details: dict[str, object] = {"incident_id": str(joining.incident_id), "number": joining.number}
        for alert in [alerts[id_] for id_ in joining.alert_ids if id_ in alerts]:
            if alert.incident_id != joining.incident_id:
                joined = _taken(replace(alert, incident_id=joining.incident_id), joining.acknowledged)
                alerts[alert.id] = changed[alert.id] = joined
                decided.append(_note(joined, uow.now, "joined_incident", details))
    await _keep(uow, list(changed.values()), decided)


async def acknowledge_with_incident(uow: UnitOfWork, incident_id: UUID, *, by: str | None) -> None:
    """Somebody has taken the incident, and with it its firing alerts."""
    found = await AlertRepository(uow.conn).open_of_incident(incident_id)
    alerts = [alert for alert in await _held(uow, [a.id for a in found]) if alert.status is Status.FIRING]
    taken = [_taken(alert, acknowledged=True) for alert in alerts]
    details: dict[str, object] = {"incident_id": str(incident_id), "by": by}
    await _keep(uow, taken, [_note(a, uow.now, "acknowledged_by_incident", details) for a in taken])


async def _held(uow: UnitOfWork, ids: Sequence[UUID]) -> list[Alert]:
    repository = AlertRepository(uow.conn)
    found = await repository.with_ids(ids)
    await LaneStore(uow.conn).lock_of({alert.integration_id for alert in found})
    return await repository.with_ids(ids)


def _taken(alert: Alert, acknowledged: bool) -> Alert:
    if acknowledged and alert.status is Status.FIRING:
        return replace(alert, status=Status.ACKNOWLEDGED)
    return alert


def _note(alert: Alert, at: datetime, reason: str, details: dict[str, object]) -> Decided:
    verb = Verb.ACKNOWLEDGE if reason == "acknowledged_by_incident" else Verb.NOTHING
    return Decided(alert.id, None, None, at, verb.value, reason, details)


async def _keep(uow: UnitOfWork, alerts: Sequence[Alert], decided: Sequence[Decided]) -> None:
    if not alerts:
        return
    await AlertRepository(uow.conn).save(alerts)
    await DecisionLog(uow.conn).add(decided)
    uow.announce("alert")
