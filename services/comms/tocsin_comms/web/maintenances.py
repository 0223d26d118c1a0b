"""Planned work, by forms: announced on `/comms`, changed and called off on a page of its own."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from tocsin_access.dependencies import page_viewer
from tocsin_access.principal import Principal
from tocsin_chassis.render import page
from tocsin_chassis.requests import RequestReading, RequestUnitOfWork
from tocsin_chassis.routing import page_router
from tocsin_comms.domain.errors import MaintenanceNotKnown
from tocsin_comms.domain.maintenance import Maintenance
from tocsin_comms.store.components import ComponentRepository
from tocsin_comms.store.maintenances import MaintenanceRepository
from tocsin_comms.usecases.maintain import announce, call_off
from tocsin_comms.web.board import BOARD, Board
from tocsin_comms.web.work_form import WorkForm, form_of
from tocsin_runtime.reading import Reading

Writer = Annotated[Principal, Depends(page_viewer("comms:write"))]
Typed = Annotated[WorkForm, Form()]
PLACE = "/comms/maintenances"


def maintenance_pages(board: Board) -> APIRouter:
    """The routes. What is wrong with new work is said on the board."""
    router = page_router()
    _plan(router, board)
    _change(router)
    return router


def _plan(router: APIRouter, board: Board) -> None:
    @router.post(PLACE, name="plan_work_form")
    async def plan(principal: Writer, request: Request, uow: RequestUnitOfWork, form: Typed) -> Response:
        errors = dict[str, str]()
        planned = form.planned(_zone(principal), errors)
        if planned is None:
            return await board.show(request, principal, uow, typed=form, errors=errors)
        await announce(uow, **asdict(planned))
        return RedirectResponse(f"{BOARD}#planned", status_code=303)


def _change(router: APIRouter) -> None:
    @router.get(PLACE + "/{work_id}", name="work_page")
    async def show(principal: Writer, request: Request, reading: RequestReading, work_id: UUID) -> Response:
        work = await _known(reading, work_id)
        return await _page(request, principal, reading, work=work, typed=form_of(work, _zone(principal)))

    @router.post(PLACE + "/{work_id}", name="change_work_form")
    async def change(
        principal: Writer, request: Request, uow: RequestUnitOfWork, work_id: UUID, form: Typed
    ) -> Response:
        errors, work = dict[str, str](), await _known(uow, work_id)
        planned = form.planned(_zone(principal), errors)
        if planned is None:
            return await _page(request, principal, uow, work=work, typed=form, errors=errors)
        await announce(uow, **asdict(planned), work_id=work_id)
        return RedirectResponse(f"{BOARD}#planned", status_code=303)

    @router.post(PLACE + "/{work_id}/call-off", name="call_off_form")
    async def remove(_: Writer, uow: RequestUnitOfWork, work_id: UUID) -> Response:
        await call_off(uow, work_id)
        return RedirectResponse(f"{BOARD}#planned", status_code=303)


async def _known(reading: Reading, work_id: UUID) -> Maintenance:
    work = await MaintenanceRepository(reading.conn).get(work_id)
    if work is None:
        raise MaintenanceNotKnown("There is no such work. It may have been called off.")
    return work


async def _page(
    request: Request,
    principal: Principal,
    reading: Reading,
    *,
    work: Maintenance,
    typed: WorkForm,
    errors: dict[str, str] | None = None,
) -> Response:
    return page(
        request,
        "comms_work.html",
        principal,
        status_code=422 if errors else 200,
        work=work,
        typed=typed,
        components=await ComponentRepository(reading.conn).all(),
        errors=errors or {},
        zone=principal.timezone or "UTC",
    )


def _zone(principal: Principal) -> ZoneInfo:
    return ZoneInfo(principal.timezone or "UTC")
