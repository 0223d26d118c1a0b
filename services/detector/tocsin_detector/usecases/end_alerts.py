"""Ends alerts without a word from their sender: by hand, with their incident, or because they are not told any more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_detector.domain.alert import Alert
from tocsin_detector.domain.dedup import Verb
from tocsin_detector.domain.errors import NotAllowed, NotFound
from tocsin_detector.domain.turn import News, Turn
from tocsin_detector.store.alerts import AlertRepository
from tocsin_detector.store.decisions import Decided, kept
from tocsin_detector.store.lanes import LaneStore
from tocsin_detector.store.queries import expired_alerts
from tocsin_detector.usecases.process import save
from tocsin_detector.usecases.telling import tell
from tocsin_runtime.ids import new_id

MOST_AT_ONCE = 200
OLDEST_BACKLOG = timedelta(seconds=5)


async def resolve_alert(uow: UnitOfWork, alert_id: UUID, *, by: str, note: str = "") -> Alert:
    """End an open alert because a person says so. Raises NotFound, and NotAllowed when it has ended already."""
    alert = await _locked(uow, alert_id)
    if not alert.is_open:
        raise NotAllowed("The alert has ended already; there is nothing to resolve.")
    return (await _end(uow, [alert], "resolved_by_hand", details={"by": by, "note": note}))[0]


async def resolve_with_incident(uow: UnitOfWork, incident_id: UUID, *, by: str | None) -> int:
    """End what is still open of an incident that a person resolved; otherwise the next message would only be a repeat,
    and nobody would be paged. Returns how many ended."""
    repository = AlertRepository(uow.conn)
    found = await repository.open_of_incident(incident_id)
    await LaneStore(uow.conn).lock_of({alert.integration_id for alert in found})
    alerts = [
        alert for alert in await repository.open_of_incident(incident_id) if alert.id in {a.id for a in found}
    ]
    await _end(uow, alerts, "resolved_with_incident", details={"incident_id": str(incident_id), "by": by})
    return len(alerts)


async def expire_alerts(uow: UnitOfWork, *, not_before: datetime) -> int:
    """End alerts that were to be told again by now and were not. Returns how many.

    `not_before` is since when this process has been hearing senders: silence while Tocsin was down does not count, so
    an alert that was last told before then has its whole time again (R28). Nothing ends while deliveries are waiting
    to be processed, as one of them may be about it.
    """
    waiting, oldest = await LaneStore(uow.conn).backlog()
    if waiting and oldest is not None and uow.now - oldest > OLDEST_BACKLOG:
        return 0
    due = await expired_alerts(uow.conn, uow.now, not_before=not_before, limit=MOST_AT_ONCE)
    await LaneStore(uow.conn).lock_of({alert.integration_id for alert in due})
    ids = [alert.id for alert in due]
    still = [a for a in await AlertRepository(uow.conn).with_ids(ids) if a.is_open and _is_due(a, uow.now)]
    await _end(uow, still, "not_told_again")
    return len(still)


def _is_due(alert: Alert, now: datetime) -> bool:
    return alert.expires_at is not None and alert.expires_at <= now


async def _locked(uow: UnitOfWork, alert_id: UUID) -> Alert:
    repository = AlertRepository(uow.conn)
    found = await repository.with_ids([alert_id])
    if not found:
        raise NotFound(f"There is no alert {alert_id}.")
    await LaneStore(uow.conn).lock_of([found[0].integration_id])
    return (await repository.with_ids([alert_id]))[0]


async def _end(
    uow: UnitOfWork, alerts: Sequence[Alert], reason: str, *, details: dict[str, object] | None = None
) -> list[Alert]:
    if not alerts:
        return []
    groups = await AlertRepository(uow.conn).groups([], {alert.group_id for alert in alerts})
    turn = Turn(alerts, groups, new_id)
    ended = [turn.end(alert, uow.now, reason) for alert in alerts]
    await save(uow, turn)
    uow.write(kept([_ended(alert.id, uow.now, reason, details or {}) for alert in ended]))
    for alert in ended:
        tell(uow, News.RESOLVED, alert)
    return ended


def _ended(alert_id: UUID, at: datetime, reason: str, details: dict[str, object]) -> Decided:
    return Decided(alert_id=alert_id, decided_at=at, verb=Verb.RESOLVE.value, reason=reason, details=details)
