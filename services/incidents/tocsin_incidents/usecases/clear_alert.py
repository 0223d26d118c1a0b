"""An alert is over."""

from datetime import datetime
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_incidents.store.alerts import AlertRepository
from tocsin_incidents.usecases.apply_placings import SETTLE


async def clear_alert(
    uow: UnitOfWork, alert_id: UUID, *, ended_at: datetime, with_incident: bool = False
) -> str:
    """Note it; `settle` counts it. Returns the reason: `cleared`, or `not_ours` for one that opened nothing.

    `with_incident`: nothing has cleared, a person resolved its incident.
    """
    alerts = AlertRepository(uow.conn)
    if not await alerts.end(alert_id, at=ended_at, with_incident=with_incident, cause=uow.cause):
        return "not_ours"
    uow.wake(SETTLE)
    return "cleared"
