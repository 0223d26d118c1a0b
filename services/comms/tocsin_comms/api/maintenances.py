"""`/api/v1/status-page/maintenances`: planned work on the page."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from tocsin_access.dependencies import require
from tocsin_access.principal import Principal
from tocsin_chassis.listing import Listing
from tocsin_chassis.requests import RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_comms.api.schemas import MaintenanceIn, MaintenanceOut, maintenance_out
from tocsin_comms.store.maintenances import MaintenanceRepository
from tocsin_comms.usecases.maintain import announce, call_off

MayRead = Annotated[Principal, Depends(require("comms:read"))]
MayWrite = Annotated[Principal, Depends(require("comms:write"))]


def maintenance_router() -> APIRouter:
    """The routes."""
    router = api_router(prefix="/api/v1/status-page/maintenances", tags=["status page"])

    @router.get("", name="list_maintenances")
    async def list_all(_: MayRead, uow: RequestUnitOfWork) -> Listing[MaintenanceOut]:
        """What is planned or going on, the next to begin first."""
        works = await MaintenanceRepository(uow.conn).since(uow.now)
        return Listing(items=[maintenance_out(work, uow.now) for work in works])

    @router.post("", name="add_maintenance", status_code=201)
    async def add(_: MayWrite, wanted: MaintenanceIn, uow: RequestUnitOfWork) -> MaintenanceOut:
        """Announce planned work; its components show it while it goes on."""
        return maintenance_out(await announce(uow, **wanted.model_dump()), uow.now)

    @router.put("/{work_id}", name="put_maintenance")
    async def change(
        _: MayWrite, work_id: UUID, wanted: MaintenanceIn, uow: RequestUnitOfWork
    ) -> MaintenanceOut:
        """Change it."""
        return maintenance_out(await announce(uow, **wanted.model_dump(), work_id=work_id), uow.now)

    @router.delete("/{work_id}", name="delete_maintenance", status_code=204)
    async def remove(_: MayWrite, work_id: UUID, uow: RequestUnitOfWork) -> None:
        """Call it off."""
        await call_off(uow, work_id)

    return router
