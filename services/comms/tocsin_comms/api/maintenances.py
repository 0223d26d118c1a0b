"""`/api/v1/status-page/maintenances`: planned work on the page."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from tocsin_access.dependencies import require
from tocsin_access.principal import Principal
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.preconditions import Check, IfMatch, content_version, etag
from tocsin_chassis.requests import RequestReading, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_comms.api.schemas import MaintenanceIn, MaintenanceOut, maintenance_out
from tocsin_comms.domain.errors import MaintenanceNotKnown
from tocsin_comms.domain.maintenance import Maintenance, MaintenanceStatus
from tocsin_comms.store.maintenances import MaintenanceRepository, WorkFilter
from tocsin_comms.store.pages import PageRepository
from tocsin_comms.usecases.maintain import announce, call_off
from tocsin_runtime.reading import Reading

MayRead = Annotated[Principal, Depends(require("comms:read"))]
MayWrite = Annotated[Principal, Depends(require("comms:write"))]
Statuses = Annotated[list[MaintenanceStatus] | None, Query(max_length=len(MaintenanceStatus))]


def maintenance_router() -> APIRouter:
    """The routes."""
    router = api_router(prefix="/api/v1/status-page/maintenances", tags=["status page"])

    @router.get("", name="list_maintenances")
    async def list_all(
        _: MayRead,
        reading: RequestReading,
        query: ListQueryParams,
        request: Request,
        response: Response,
        status: Statuses = None,
        component_id: UUID | None = None,
    ) -> Listing[MaintenanceOut]:
        """Planned work, the next to begin first; without `status` what is planned or going on."""
        wanted = WorkFilter(component_id=component_id)
        if status:
            wanted = replace(wanted, statuses=status)
        after = (datetime.fromisoformat(query.after[0]), UUID(query.after[1])) if query.after else None
        works = await MaintenanceRepository(reading.conn).listed(
            wanted, reading.now, after=after, limit=query.limit + 1
        )
        shown, following = query.cut(works, lambda work: [work.starts_at.isoformat(), str(work.id)])
        link_next(request, response, following)
        return Listing(items=[maintenance_out(work, reading.now) for work in shown], next=following)

    @router.post("", name="add_maintenance", status_code=201)
    async def add(
        _: MayWrite, wanted: MaintenanceIn, uow: RequestUnitOfWork, response: Response
    ) -> MaintenanceOut:
        """Announce planned work; its components show it while it goes on."""
        return _tagged(await announce(uow, **wanted.model_dump()), uow.now, response)

    @router.get("/{work_id}", name="get_maintenance")
    async def get_one(
        _: MayRead, work_id: UUID, reading: RequestReading, response: Response
    ) -> MaintenanceOut:
        """One of them."""
        return _tagged(await _work(reading, work_id), reading.now, response)

    @router.put("/{work_id}", name="put_maintenance")
    async def change(
        _: MayWrite,
        work_id: UUID,
        wanted: MaintenanceIn,
        check: IfMatch,
        uow: RequestUnitOfWork,
        response: Response,
    ) -> MaintenanceOut:
        """Change it."""
        await _check(check, uow, work_id)
        return _tagged(await announce(uow, **wanted.model_dump(), work_id=work_id), uow.now, response)

    @router.delete("/{work_id}", name="delete_maintenance", status_code=204)
    async def remove(_: MayWrite, work_id: UUID, check: IfMatch, uow: RequestUnitOfWork) -> None:
        """Call it off."""
        await _check(check, uow, work_id)
        await call_off(uow, work_id)

    return router


async def _work(reading: Reading, work_id: UUID) -> Maintenance:
    work = await MaintenanceRepository(reading.conn).get(work_id)
    if work is None:
        raise MaintenanceNotKnown(f"No maintenance {work_id}.")
    return work


async def _check(check: Check, uow: UnitOfWork, work_id: UUID) -> None:
    await PageRepository(uow.conn).lock()
    work = await _work(uow, work_id)
    check(_version(maintenance_out(work, uow.now)))


def _tagged(work: Maintenance, now: datetime, response: Response) -> MaintenanceOut:
    shown = maintenance_out(work, now)
    response.headers["ETag"] = etag(_version(shown))
    return shown


def _version(shown: MaintenanceOut) -> str:
    return content_version(shown, but=("status",))
