"""`/api/v1/status-page`: the whole page, its components, and what it shows."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from tocsin_access.dependencies import require
from tocsin_access.directory import Directory
from tocsin_access.principal import Principal
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_chassis.once_told import RequestUnits
from tocsin_chassis.preconditions import Check, IfMatch, content_version, etag
from tocsin_chassis.references import IncidentName
from tocsin_chassis.requests import RequestReading, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_comms.api.schemas import (
    ComponentIn,
    ComponentOut,
    PublishIn,
    ReportOut,
    StatusPageIn,
    StatusPageOut,
    component_out,
    page_out,
    report_out,
)
from tocsin_comms.domain.component import DEFAULT_STATES
from tocsin_comms.domain.errors import ComponentNotKnown
from tocsin_comms.domain.site import StatusPage
from tocsin_comms.store.components import ComponentRepository
from tocsin_comms.store.pages import PageRepository
from tocsin_comms.usecases.report import hide, publish
from tocsin_comms.usecases.rules import Rules
from tocsin_comms.usecases.setup import Wanted, put_component, remove_component, set_up, wanted_of
from tocsin_runtime.errors import Code, FieldError, Problem
from tocsin_runtime.reading import Reading

MayRead = Annotated[Principal, Depends(require("comms:read"))]
MayWrite = Annotated[Principal, Depends(require("comms:write"))]


def status_page_router(rules: Rules) -> APIRouter:
    """The routes; `rules` decide about words and chat."""
    router = api_router(prefix="/api/v1/status-page", tags=["status page"])
    _page_routes(router)
    _component_routes(router)
    _incident_routes(router, rules)
    return router


def _page_routes(router: APIRouter) -> None:
    @router.get("", name="get_status_page")
    async def get_page(_: MayRead, reading: RequestReading, response: Response) -> StatusPageOut:
        """The whole page with its components, as PUT takes it."""
        page = await PageRepository(reading.conn).load()
        return await _answer(reading, page, response)

    @router.put("", name="put_status_page")
    async def put_page(
        _: MayWrite, wanted: StatusPageIn, check: IfMatch, units: RequestUnits, response: Response
    ) -> StatusPageOut:
        """Make the page as described. The same description twice changes nothing."""

        async def make(uow: UnitOfWork) -> StatusPageOut:
            page = await PageRepository(uow.conn).lock()
            check(page.version)
            if wanted.components is None:
                components = [wanted_of(each) for each in await ComponentRepository(uow.conn).all()]
            else:
                components = await _wanted(uow, wanted.components, places="/components/{}")
            page, _changed = await set_up(uow, page, components, settings=_settings(page, wanted))
            return await _answer(uow, page, response)

        return await units.once_told(make, ServicesUnknown)


def _settings(page: StatusPage, wanted: StatusPageIn) -> StatusPage:
    own = wanted.severity_states
    return replace(
        page,
        name=wanted.name,
        description=wanted.description,
        url=wanted.url,
        support_url=wanted.support_url,
        time_zone=wanted.time_zone,
        publish=wanted.publish,
        states=page.states if own is None else {**DEFAULT_STATES, **own},
        templates=page.templates if wanted.templates is None else wanted.templates,
    )


def _component_routes(router: APIRouter) -> None:
    @router.post("/components", name="add_component", status_code=201)
    async def add(_: MayWrite, wanted: ComponentIn, units: RequestUnits, response: Response) -> ComponentOut:
        """Add a component at the end of the page."""
        return _tagged(await units.once_told(lambda uow: _put(uow, wanted), ServicesUnknown), response)

    @router.get("/components/{component_id}", name="get_component")
    async def get_one(
        _: MayRead, component_id: UUID, reading: RequestReading, response: Response
    ) -> ComponentOut:
        """One component."""
        return _tagged(await _component(reading, component_id), response)

    @router.put("/components/{component_id}", name="put_component")
    async def change(
        _: MayWrite,
        component_id: UUID,
        wanted: ComponentIn,
        check: IfMatch,
        units: RequestUnits,
        response: Response,
    ) -> ComponentOut:
        """Change a component; its place and history stay."""

        async def put(uow: UnitOfWork) -> ComponentOut:
            await _check_component(check, uow, component_id)
            return await _put(uow, wanted, component_id)

        return _tagged(await units.once_told(put, ServicesUnknown), response)

    @router.delete("/components/{component_id}", name="delete_component", status_code=204)
    async def remove(_: MayWrite, component_id: UUID, check: IfMatch, uow: RequestUnitOfWork) -> None:
        """Take a component and its history off the page."""
        await _check_component(check, uow, component_id)
        await remove_component(uow, component_id)


async def _put(uow: UnitOfWork, wanted: ComponentIn, component_id: UUID | None = None) -> ComponentOut:
    """Of a body that is the component itself; an id in it does not count."""
    (named,) = await _wanted(uow, [wanted.model_copy(update={"id": component_id})], places="")
    return component_out(await put_component(uow, named), await _slugs(uow))


async def _component(reading: Reading, component_id: UUID) -> ComponentOut:
    for component in await ComponentRepository(reading.conn).all():
        if component.id == component_id:
            return component_out(component, await _slugs(reading))
    raise ComponentNotKnown(f"The page has no component {component_id}.")


async def _check_component(check: Check, uow: UnitOfWork, component_id: UUID) -> None:
    await PageRepository(uow.conn).lock()
    check(_version(await _component(uow, component_id)))


def _tagged(shown: ComponentOut, response: Response) -> ComponentOut:
    response.headers["ETag"] = etag(_version(shown))
    return shown


def _version(shown: ComponentOut) -> str:
    return content_version(shown, but=("state", "state_since"))


def _incident_routes(router: APIRouter, rules: Rules) -> None:
    @router.post("/incidents/{incident}/publish", name="publish_incident")
    async def publish_incident(
        _: MayWrite, incident: IncidentName, uow: RequestUnitOfWork, words: PublishIn | None = None
    ) -> ReportOut:
        """Show an incident to the world, in these words or the drafted ones; `incident` is an id or INC-42."""
        own = words or PublishIn()
        report = await publish(uow, incident, rules=rules, title=own.title or None, body=own.body or None)
        return report_out(report)

    @router.post("/incidents/{incident}/hide", name="hide_incident")
    async def hide_incident(_: MayWrite, incident: IncidentName, uow: RequestUnitOfWork) -> ReportOut:
        """Take an incident off the page until somebody publishes it again."""
        return report_out(await hide(uow, incident))


async def _answer(reading: Reading, page: StatusPage, response: Response) -> StatusPageOut:
    response.headers["ETag"] = etag(page.version)
    components = await ComponentRepository(reading.conn).all()
    return page_out(page, components, await _slugs(reading))


async def _slugs(reading: Reading) -> dict[UUID, str]:
    return {service.id: service.slug for service in await Directory(reading.conn).services()}


class ServicesUnknown(Problem):
    """Components name services that the directory's copy does not know, or does not know yet."""

    def __init__(self, errors: list[FieldError]) -> None:
        detail = "Name services by id, slug or name. A service that was just created may take a second to be known."
        super().__init__(422, Code.INVALID_REQUEST, detail, errors=errors)


async def _wanted(uow: UnitOfWork, components: list[ComponentIn], *, places: str) -> list[Wanted]:
    """With services as ids. `places` is where in the body the component with a number stands. Raises ServicesUnknown.

    An id is believed: the directory's copy may not know a service yet that was just made.
    """
    found, errors = [], []
    directory = Directory(uow.conn)
    for number, each in enumerate(components):
        ids = set()
        for place, named in enumerate(each.services):
            if (service_id := await _service_id(directory, named)) is not None:
                ids.add(service_id)
            else:
                pointer = f"{places.format(number)}/services/{place}"
                errors.append(FieldError(pointer, f"the catalogue has no service {named[:80]!r}"))
        found.append(Wanted(each.name, each.description, each.group, frozenset(ids), id=each.id))
    if errors:
        raise ServicesUnknown(errors)
    return found


async def _service_id(directory: Directory, named: str) -> UUID | None:
    try:
        return UUID(named)
    except ValueError:
        service = await directory.service_named(named)
        return service.id if service else None
