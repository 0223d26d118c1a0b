"""/services: the catalogue as pages."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from tocsin_access.directory import Directory
from tocsin_access.principal import Principal
from tocsin_chassis.listing import ListQueryParams
from tocsin_chassis.render import page
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import page_router
from tocsin_incidents.domain.catalogue import Service
from tocsin_incidents.domain.errors import Invalid, NameTaken
from tocsin_incidents.domain.severity import AlertSeverity, Severity
from tocsin_incidents.store.queries import OPEN, Wanted, list_incidents, open_by_service
from tocsin_incidents.store.services import ServiceRepository
from tocsin_incidents.usecases.keep_catalogue import (
    add_service,
    change_service,
    remove_service,
    unknown_service,
)
from tocsin_incidents.web.dependencies import Configurer, Now, Reader
from tocsin_incidents.web.service_form import Fields, read_form

router = page_router()

RECENT = 20


@router.get("/services", name="services_page", response_class=HTMLResponse)
async def list_page(
    request: Request, cut: ListQueryParams, principal: Reader, conn: ReadConnection
) -> HTMLResponse:
    """The catalogue, by name, with what is open now."""
    after = (str(cut.after[0]), UUID(cut.after[1])) if cut.after else None
    rows = await ServiceRepository(conn).page(limit=cut.limit + 1, after=after)
    shown, cursor = cut.cut(rows, lambda service: [service.name, str(service.id)])
    return page(
        request,
        "services.html",
        principal,
        services=shown,
        names=await _names(conn, shown),
        open=await open_by_service(conn, [service.id for service in shown]),
        next=f"/services?cursor={cursor}" if cursor else None,
        may_configure=principal.may("config:write"),
    )


@router.get("/services/new", name="new_service_page", response_class=HTMLResponse)
async def new_page(request: Request, principal: Configurer, conn: ReadConnection) -> HTMLResponse:
    """A new service."""
    return await _form(request, principal, conn=conn, service=None, form={}, errors={})


@router.post("/services", name="new_service_form")
async def create(
    request: Request, principal: Configurer, uow: RequestUnitOfWork, fields: Annotated[Fields, Form()]
) -> Response:
    """Add it, then see it; or see the form again with what is wrong."""
    changes, errors = read_form(fields)
    if not errors:
        try:
            return _see(await add_service(uow, changes))
        except (Invalid, NameTaken) as error:
            errors = _said(error)
    form = fields.model_dump()
    return await _form(request, principal, conn=uow.conn, service=None, form=form, errors=errors)


@router.get("/services/{slug}", name="service_page", response_class=HTMLResponse)
async def service_page(
    slug: str, request: Request, principal: Reader, conn: ReadConnection, now: Now
) -> HTMLResponse:
    """Who answers for it, what is open, what its alerts become, what happened before."""
    service = await _existing(conn, slug)
    wanted = Wanted(service_ids=[service.id])
    recent = [incident for incident, _ in await list_incidents(conn, wanted, limit=RECENT)]
    still_open = [incident for incident in recent if incident.status in OPEN]
    people = [one.assignee_id for one in recent if one.assignee_id]
    return page(
        request,
        "service.html",
        principal,
        subject=service,
        names={**await _names(conn, [service]), **await Directory(conn).names(people)},
        still_open=still_open,
        over=[incident for incident in recent if incident.status not in OPEN],
        alert_severities=[str(severity) for severity in AlertSeverity],
        may_write=principal.may("incidents:write"),
        may_configure=principal.may("config:write"),
        now=now,
    )


@router.get("/services/{slug}/edit", name="edit_service_page", response_class=HTMLResponse)
async def edit_page(slug: str, request: Request, principal: Configurer, conn: ReadConnection) -> HTMLResponse:
    """The form of an existing one."""
    service = await _existing(conn, slug)
    return await _form(request, principal, conn=conn, service=service, form=_filled(service), errors={})


@router.post("/services/{slug}/edit", name="edit_service_form")
async def edit(
    slug: str,
    request: Request,
    principal: Configurer,
    uow: RequestUnitOfWork,
    fields: Annotated[Fields, Form()],
) -> Response:
    """Change it; or see the form again with what is wrong, or that somebody was quicker."""
    service = await _existing(uow.conn, slug)
    changes, errors = read_form(fields)
    if fields.version and fields.version != str(service.version):
        errors["name"] = "Somebody changed this service meanwhile. Open the form anew to see how it is now."
    if not errors:
        try:
            return _see(await change_service(uow, service.id, changes=changes))
        except (Invalid, NameTaken) as error:
            errors = _said(error)
    form = fields.model_dump()
    return await _form(request, principal, conn=uow.conn, service=service, form=form, errors=errors)


@router.post("/services/{slug}/delete", name="delete_service_form")
async def delete(slug: str, principal: Configurer, uow: RequestUnitOfWork) -> Response:
    """Take it out of the catalogue."""
    await remove_service(uow, (await _existing(uow.conn, slug)).id)
    return RedirectResponse("/services", status_code=303)


async def _form(
    request: Request,
    principal: Principal,
    *,
    conn: ReadConnection,
    service: Service | None,
    form: Mapping[str, Any],
    errors: Mapping[str, str],
) -> HTMLResponse:
    directory = Directory(conn)
    teams = [("", "No team"), *((str(team.id), team.name) for team in await directory.teams())]
    policies = [("", "No escalation"), *((str(one.id), one.name) for one in await directory.policies())]
    opens = [("", "No incident"), *((str(severity), str(severity)) for severity in Severity)]
    return page(
        request,
        "service_form.html",
        principal,
        status_code=422 if errors else 200,
        subject=service,
        form={**Fields().model_dump(), **form},
        errors=errors,
        teams=teams,
        policies=policies,
        opens=opens,
        alert_severities=[str(severity) for severity in AlertSeverity],
    )


def _filled(service: Service) -> dict[str, Any]:
    opens = {f"opens_{alert}": str(severity or "") for alert, severity in service.severity_map.items()}
    return {
        "version": str(service.version),
        "name": service.name,
        "slug": service.slug,
        "description": service.description,
        "aliases": ", ".join(service.aliases),
        "team_id": str(service.team_id or ""),
        "escalation_policy_id": str(service.escalation_policy_id or ""),
        "auto_resolve": "true" if service.auto_resolve else "",
        "runbook_url": service.runbook_url or "",
        **opens,
    }


async def _existing(conn: ReadConnection, slug: str) -> Service:
    """By its slug, or by its id, which is what incidents know."""
    catalogue = ServiceRepository(conn)
    try:
        service = await catalogue.get(UUID(slug))
    except ValueError:
        service = await catalogue.with_slug(slug)
    if service is None:
        raise unknown_service(slug)
    return service


async def _names(conn: ReadConnection, services: list[Service]) -> dict[UUID, str]:
    ids = {one for service in services for one in (service.team_id, service.escalation_policy_id)}
    return await Directory(conn).names([one for one in ids if one])


def _said(error: Invalid | NameTaken) -> dict[str, str]:
    return {error.pointer.strip("/"): error.detail} if isinstance(error, Invalid) else {"name": str(error)}


def _see(service: Service) -> Response:
    return RedirectResponse(f"/services/{service.slug}", status_code=303)
