"""Making components show what the open public incidents, and planned work, make of them."""

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_comms.domain.component import Change, changes
from tocsin_comms.domain.maintenance import in_maintenance
from tocsin_comms.domain.site import StatusPage
from tocsin_comms.store.components import ComponentRepository
from tocsin_comms.store.maintenances import MaintenanceRepository
from tocsin_comms.store.pages import PageRepository
from tocsin_comms.store.reports import ReportRepository
from tocsin_events.status import ComponentState, ComponentStateChanged

PUBLISHER = "publish"
"""The worker that renders the page anew."""


async def show_components(uow: UnitOfWork, page: StatusPage) -> None:
    """Derive every component's state, keep and tell what changed, and have the page rendered anew.

    The page's row must be locked; `page` is that row.
    """
    repository = ComponentRepository(uow.conn)
    works = await MaintenanceRepository(uow.conn).since(uow.now)
    found = changes(
        await repository.all(),
        await ReportRepository(uow.conn).troubles(),
        states=page.states,
        in_maintenance=in_maintenance(works, uow.now),
    )
    for change in found:
        await repository.show(change.component.id, change.verdict, uow.now)
        uow.emit(_event(uow, change))
    await PageRepository(uow.conn).touch(page, uow.now)
    uow.wake(PUBLISHER)
    uow.announce("status")


def _event(uow: UnitOfWork, change: Change) -> ComponentStateChanged:
    return ComponentStateChanged(
        component_id=change.component.id,
        name=change.component.name,
        previous=ComponentState(change.component.state.value),
        state=ComponentState(change.verdict.state.value),
        incident_id=change.verdict.incident_id,
        at=uow.now,
    )
