"""What makes this service move, besides its senders: the incidents that its alerts open."""

from collections.abc import Sequence

from tocsin_bus.subscriptions import Heard, Subscriptions
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_detector.usecases.end_alerts import resolve_with_incident
from tocsin_detector.usecases.learn import (
    Joining,
    acknowledge_with_incident,
    fire_with_incident,
    join_incidents,
)
from tocsin_events.incidents import (
    IncidentAcknowledged,
    IncidentAlertJoined,
    IncidentOpened,
    IncidentResolved,
    IncidentStatus,
    IncidentStatusChanged,
)

subscriptions = Subscriptions("detector")


@subscriptions.on_many(IncidentOpened, IncidentAlertJoined)
async def know_the_incidents(heard: Sequence[Heard], uow: UnitOfWork) -> None:
    """Alerts show the incident that they opened or joined."""
    await join_incidents(uow, [_joining(one.event) for one in heard])


@subscriptions.on(IncidentAcknowledged)
async def show_that_it_is_taken(event: IncidentAcknowledged, uow: UnitOfWork) -> None:
    """Whoever acknowledges an incident acknowledges its alerts."""
    await acknowledge_with_incident(uow, event.incident.incident_id, by=event.actor_name)


@subscriptions.on(IncidentStatusChanged)
async def show_that_nobody_has_it(event: IncidentStatusChanged, uow: UnitOfWork) -> None:
    """An incident is detected again when its acknowledgement no longer holds: its alerts fire, unanswered."""
    if event.incident.status is IncidentStatus.DETECTED:
        await fire_with_incident(uow, event.incident.incident_id)


@subscriptions.on(IncidentResolved)
async def end_what_a_person_resolved(event: IncidentResolved, uow: UnitOfWork) -> None:
    """Alerts of an incident that ended because they had cleared have ended before."""
    if event.reason == "by_hand":
        await resolve_with_incident(uow, event.incident.incident_id, by=event.actor_name)


def _joining(event: IncidentOpened | IncidentAlertJoined) -> Joining:
    incident, alert_ids = event.incident, event.alert_ids
    if isinstance(event, IncidentAlertJoined):
        alert_ids = alert_ids or [event.alert_id]
    return Joining(
        alert_ids,
        incident_id=incident.incident_id,
        number=incident.number,
        acknowledged=incident.acknowledged_at is not None and incident.status is not IncidentStatus.DETECTED,
    )
