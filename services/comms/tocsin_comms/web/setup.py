"""`/comms/setup`: the page's settings and its components, by forms."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from tocsin_access.dependencies import page_viewer
from tocsin_access.directory import Directory
from tocsin_access.principal import Principal
from tocsin_chassis.render import page
from tocsin_chassis.requests import RequestReading, RequestUnitOfWork
from tocsin_chassis.routing import page_router
from tocsin_comms.domain.checks import name_problem, web_address_problem, zone_problem
from tocsin_comms.domain.errors import NameTaken
from tocsin_comms.domain.site import StatusPage
from tocsin_comms.domain.states import PublishMode
from tocsin_comms.store.components import ComponentRepository
from tocsin_comms.store.pages import PageRepository
from tocsin_comms.usecases.setup import Wanted, put_component, remove_component, set_up, wanted_of
from tocsin_runtime.reading import Reading
from tocsin_runtime.text import clean

Reader = Annotated[Principal, Depends(page_viewer("comms:read"))]
Writer = Annotated[Principal, Depends(page_viewer("comms:write"))]
Text = Annotated[str, Form(max_length=500)]
Services = Annotated[list[UUID], Form()]
PLACE = "/comms/setup"


def setup_router() -> APIRouter:
    """The routes."""
    router = page_router()
    _settings(router)
    _components(router)
    return router


def _settings(router: APIRouter) -> None:
    @router.get(PLACE, name="comms_setup")
    async def show(principal: Reader, request: Request, reading: RequestReading) -> Response:
        settings = await PageRepository(reading.conn).load()
        return await _form(request, principal, reading, settings)

    @router.post(PLACE, name="comms_save_setup")
    async def save(
        principal: Writer,
        request: Request,
        uow: RequestUnitOfWork,
        name: Text = "",
        description: Text = "",
        url: Text = "",
        support_url: Text = "",
        time_zone: Text = "UTC",
        publish: PublishMode = Form(PublishMode.AUTOMATIC),
    ) -> Response:
        current = await PageRepository(uow.conn).lock()
        wanted = replace(
            current,
            name=clean(name).strip(),
            description=clean(description).strip(),
            url=clean(url).strip(),
            support_url=clean(support_url).strip(),
            time_zone=clean(time_zone).strip(),
            publish=publish,
        )
        if errors := _problems(wanted):
            return await _form(request, principal, uow, wanted, errors=errors)
        components = [wanted_of(each) for each in await ComponentRepository(uow.conn).all()]
        await set_up(uow, current, components, settings=wanted)
        return _done()


def _components(router: APIRouter) -> None:
    @router.post("/comms/setup/components", name="comms_add_component")
    @router.post("/comms/setup/components/{component_id}", name="comms_save_component")
    async def save(
        principal: Writer,
        request: Request,
        uow: RequestUnitOfWork,
        component_id: UUID | None = None,
        component_name: Text = "",
        description: Text = "",
        group: Text = "",
        services: Services = [],  # noqa: B006 - FastAPI copies it
    ) -> Response:
        name = clean(component_name).strip()
        problem = name_problem(name)
        try:
            if problem is None:
                wanted = Wanted(
                    name,
                    clean(description).strip()[:300],
                    clean(group).strip()[:100] or None,
                    frozenset(services),
                    id=component_id,
                )
                await put_component(uow, wanted)
                return _done()
        except NameTaken as error:
            problem = str(error)
        settings = await PageRepository(uow.conn).lock()
        return await _form(
            request, principal, uow, settings, errors={"component_name": f"The component's name {problem}"}
        )

    @router.post("/comms/setup/components/{component_id}/remove", name="comms_remove_component")
    async def remove(_: Writer, component_id: UUID, uow: RequestUnitOfWork) -> Response:
        await remove_component(uow, component_id)
        return _done()


def _problems(wanted: StatusPage) -> dict[str, str]:
    found = {
        "name": name_problem(wanted.name),
        "url": web_address_problem(wanted.url),
        "support_url": web_address_problem(wanted.support_url),
        "time_zone": zone_problem(wanted.time_zone),
    }
    words = {
        "name": "The name",
        "url": "The address",
        "support_url": "The help address",
        "time_zone": "The zone",
    }
    return {field: f"{words[field]} {problem}" for field, problem in found.items() if problem}


async def _form(
    request: Request,
    principal: Principal,
    reading: Reading,
    settings: StatusPage,
    *,
    errors: dict[str, str] | None = None,
) -> Response:
    return page(
        request,
        "comms_setup.html",
        principal,
        status_code=422 if errors else 200,
        settings=settings,
        components=await ComponentRepository(reading.conn).all(),
        services=await Directory(reading.conn).services(),
        errors=errors or {},
        may_write=principal.may("comms:write"),
    )


def _done() -> Response:
    return RedirectResponse(PLACE, status_code=303)
