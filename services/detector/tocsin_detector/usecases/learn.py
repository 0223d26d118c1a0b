"""What the incidents service tells about alerts: which incident they belong to, and that somebody has taken it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_detector.domain.alert import Alert, Status
from tocsin_detector.domain.dedup import Verb
from tocsin_detector.store.alerts import AlertRepository
from tocsin_detector.store.decisions import Decided, kept
from tocsin_detector.store.incidents import IncidentNumbers
from tocsin_detector.store.lanes import LaneStore
from tocsin_detector.store.places import Place, Places


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
    places = await _places_held(uow, [id_ for joining in joinings for id_ in joining.alert_ids])
    changed: dict[UUID, Place] = {}
    decided = []
    for joining in joinings:
        details: dict[str, object] = {"incident_id": str(joining.incident_id), "number": joining.number}
        for id_ in joining.alert_ids:
            place = places.get(id_)
            if place is not None and place.incident_id != joining.incident_id:
                places[id_] = changed[id_] = _joined(place, joining)
                decided.append(_note(id_, uow.now, "joined_incident", details))
    if changed:
        await Places(uow.conn).save(changed)
        uow.write(kept(decided))
        uow.announce("alert")


async def acknowledge_with_incident(uow: UnitOfWork, incident_id: UUID, *, by: str | None) -> None:
    """Somebody has taken the incident, and with it its firing alerts."""
    alerts = await _open_and(Status.FIRING, uow, incident_id)
    details: dict[str, object] = {"incident_id": str(incident_id), "by": by}
    noted = [_note(alert.id, uow.now, "acknowledged_by_incident", details) for alert in alerts]
    await _keep(uow, [replace(alert, status=Status.ACKNOWLEDGED) for alert in alerts], noted)


async def fire_with_incident(uow: UnitOfWork, incident_id: UUID) -> None:
    """Nobody has the incident any more, nor its alerts, until somebody acknowledges again."""
    alerts = await _open_and(Status.ACKNOWLEDGED, uow, incident_id)
    details: dict[str, object] = {"incident_id": str(incident_id)}
    noted = [_note(alert.id, uow.now, "acknowledgement_expired", details) for alert in alerts]
    await _keep(uow, [replace(alert, status=Status.FIRING) for alert in alerts], noted)


async def _open_and(status: Status, uow: UnitOfWork, incident_id: UUID) -> list[Alert]:
    found = await AlertRepository(uow.conn).open_of_incident(incident_id)
    return [alert for alert in await _held(uow, [a.id for a in found]) if alert.status is status]


async def _keep(uow: UnitOfWork, changed: Sequence[Alert], noted: Sequence[Decided]) -> None:
    if changed:
        await AlertRepository(uow.conn).save(changed)
        uow.write(kept(noted))
        uow.announce("alert")


async def _held(uow: UnitOfWork, ids: Sequence[UUID]) -> list[Alert]:
    await LaneStore(uow.conn).lock_of(await Places(uow.conn).integrations(ids))
    return await AlertRepository(uow.conn).with_ids(ids)


async def _places_held(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, Place]:
    places = Places(uow.conn)
    await LaneStore(uow.conn).lock_of(await places.integrations(ids))
    return await places.of(ids)


def _joined(place: Place, joining: Joining) -> Place:
    is_taken = joining.acknowledged and place.status is Status.FIRING
    return Place(joining.incident_id, Status.ACKNOWLEDGED if is_taken else place.status)


def _note(alert_id: UUID, at: datetime, reason: str, details: dict[str, object]) -> Decided:
    verb = Verb.ACKNOWLEDGE if reason == "acknowledged_by_incident" else Verb.NOTHING
    return Decided(alert_id=alert_id, decided_at=at, verb=verb.value, reason=reason, details=details)
