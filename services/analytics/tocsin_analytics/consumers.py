"""What makes this service move: every event that says something to a figure."""

from collections.abc import Sequence

from tocsin_analytics.usecases.record import record_alerts, record_incident, record_page
from tocsin_analytics.usecases.told import (
    alert_facts,
    by_acknowledgement,
    by_component,
    by_incident,
    by_overdue_update,
    by_page_sent,
    page_facts,
)
from tocsin_bus.subscriptions import Heard, Subscriptions
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.alerts import AlertOpened, AlertResolved
from tocsin_events.incidents import (
    IncidentAcknowledged,
    IncidentAlertJoined,
    IncidentAssigned,
    IncidentClosed,
    IncidentDetailsChanged,
    IncidentEvent,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentSeverityChanged,
    IncidentStatusChanged,
)
from tocsin_events.pages import PageAcknowledged, PageFailed, PageRequested, PageSent
from tocsin_events.status import ComponentStateChanged, UpdateOverdue

subscriptions = Subscriptions("analytics")


@subscriptions.on(
    IncidentOpened,
    IncidentAlertJoined,
    IncidentAcknowledged,
    IncidentSeverityChanged,
    IncidentStatusChanged,
    IncidentAssigned,
    IncidentResolved,
    IncidentReopened,
    IncidentClosed,
    IncidentDetailsChanged,
)
async def incident_told(event: IncidentEvent, uow: UnitOfWork) -> None:
    await record_incident(uow, by_incident(event))


@subscriptions.on(PageRequested, PageFailed)
async def page_told(event: PageRequested | PageFailed, uow: UnitOfWork) -> None:
    await record_page(uow, page_facts(event))


@subscriptions.on(PageSent)
async def page_sent(event: PageSent, uow: UnitOfWork) -> None:
    await record_page(uow, page_facts(event))
    await record_incident(uow, by_page_sent(event))


@subscriptions.on(PageAcknowledged)
async def page_acknowledged(event: PageAcknowledged, uow: UnitOfWork) -> None:
    await record_incident(uow, by_acknowledgement(event))


@subscriptions.on(ComponentStateChanged)
async def component_changed(event: ComponentStateChanged, uow: UnitOfWork) -> None:
    told = by_component(event)
    if told is not None:
        await record_incident(uow, told)


@subscriptions.on(UpdateOverdue)
async def update_overdue(event: UpdateOverdue, uow: UnitOfWork) -> None:
    await record_incident(uow, by_overdue_update(event))


@subscriptions.on_many(AlertOpened, AlertResolved)
async def alerts_told(heard: Sequence[Heard], uow: UnitOfWork) -> None:
    await record_alerts(uow, [alert_facts(one.event) for one in heard])
