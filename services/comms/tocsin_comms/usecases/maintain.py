"""Planned work: announced, changed, called off. Its edges are durable timers."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_comms.domain.errors import MaintenanceNotKnown, Misnamed
from tocsin_comms.domain.maintenance import Maintenance
from tocsin_comms.store.components import ComponentRepository
from tocsin_comms.store.maintenances import MaintenanceRepository
from tocsin_comms.store.pages import PageRepository
from tocsin_comms.usecases.components import show_components
from tocsin_runtime.ids import new_id

EDGE = "maintenance_edge"


async def announce(
    uow: UnitOfWork,
    *,
    name: str,
    body: str,
    starts_at: datetime,
    ends_at: datetime,
    component_ids: Iterable[UUID],
    work_id: UUID | None = None,
) -> Maintenance:
    """Announce planned work, or change it when `work_id` names some.

    Raises MaintenanceNotKnown, and Misnamed with a pointer into `component_ids`.
    """
    page = await PageRepository(uow.conn).lock()
    repository = MaintenanceRepository(uow.conn)
    current = await repository.get(work_id) if work_id else None
    if work_id is not None and current is None:
        raise MaintenanceNotKnown(f"No maintenance {work_id}.")
    wanted, known = list(component_ids), {each.id for each in await ComponentRepository(uow.conn).all()}
    for place, component_id in enumerate(wanted):
        if component_id not in known:
            raise Misnamed(f"/component_ids/{place}", f"The page has no component {component_id}.")
    fresh = Maintenance(
        work_id or new_id(),
        name,
        body,
        starts_at,
        ends_at,
        frozenset(wanted),
        created_at=uow.now,
        updated_at=uow.now,
    )
    work = replace(fresh, created_at=current.created_at) if current else fresh
    await repository.save(work)
    _set_edges(uow, work)
    await show_components(uow, page)
    uow.announce("comms")
    return work


async def call_off(uow: UnitOfWork, work_id: UUID) -> None:
    """Take planned work off the page. Raises MaintenanceNotKnown."""
    page = await PageRepository(uow.conn).lock()
    if not await MaintenanceRepository(uow.conn).remove(work_id):
        raise MaintenanceNotKnown(f"No maintenance {work_id}.")
    await show_components(uow, page)
    uow.announce("comms")


async def pass_edge(uow: UnitOfWork) -> None:
    """Some planned work begins or ends about now: the components are derived anew, whatever became of it."""
    await show_components(uow, await PageRepository(uow.conn).lock())


def _set_edges(uow: UnitOfWork, work: Maintenance) -> None:
    for moment in (work.starts_at, work.ends_at):
        if moment > uow.now:
            uow.schedule(EDGE, work.id, moment, generation=int(moment.timestamp()))
