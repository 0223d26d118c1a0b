"""`/alerts/integrations`: who sends, how they are doing, and how to make a tool send."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from tocsin_access.dependencies import page_viewer
from tocsin_access.once import show_once, shown_once
from tocsin_access.principal import Principal
from tocsin_chassis.render import page
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import page_router
from tocsin_detector.domain.addresses import url_for
from tocsin_detector.domain.errors import NameTaken, NotFound, Unfit
from tocsin_detector.domain.integration import Integration
from tocsin_detector.store.catalogue import Catalogue
from tocsin_detector.store.integrations import IntegrationRepository
from tocsin_detector.store.queries import DeliveryQueries
from tocsin_detector.usecases.health import health_of_each
from tocsin_detector.usecases.manage_integrations import (
    Wish,
    WithKey,
    change,
    create,
    existing,
    remove,
    revoke,
    rotate,
    wish_of,
)
from tocsin_detector.usecases.warn import warnings_about
from tocsin_detector.web.integration_form import Fields, filled
from tocsin_detector.web.snippets import snippets_for
from tocsin_detector.web.state import State

router = page_router()
Reader = Annotated[Principal, Depends(page_viewer("alerts:read"))]
Administrator = Annotated[Principal, Depends(page_viewer("config:write"))]
DELIVERIES_SHOWN = 20
NAMELESS = "Say which tool it is."


@router.get("/alerts/integrations", name="integrations_page")
async def integrations_page(request: Request, viewer: Reader, conn: ReadConnection) -> Response:
    """All integrations with their health, and the form for another one."""
    return await _list(request, viewer, conn)


@router.post("/alerts/integrations", name="create_integration_form")
async def create_form(
    request: Request,
    viewer: Administrator,
    uow: RequestUnitOfWork,
    state: State,
    typed: Annotated[Fields, Form()],
) -> Response:
    """Make one; its page shows the key once."""
    if not typed.name.strip():
        return await _list(request, viewer, uow.conn, typed=typed, errors={"name": NAMELESS})
    try:
        made = await create(uow, state.keyring, Wish(source=typed.source, **typed.wished()))
    except (NameTaken, Unfit) as error:
        return await _list(request, viewer, uow.conn, typed=typed, errors={"name": str(error)})
    return _with_key(request, viewer, made)


@router.get("/alerts/integrations/{integration_id}", name="integration_page")
async def integration_page(
    request: Request, viewer: Reader, conn: ReadConnection, integration_id: UUID
) -> Response:
    """One integration: how it is doing, how to set the tool up, and its last deliveries."""
    known = await IntegrationRepository(conn).get(integration_id)
    if known is None:
        raise NotFound("There is no such integration. It may have been deleted.")
    return await _detail(request, viewer, conn, WithKey(known, shown_once(request, viewer) or None))


@router.post("/alerts/integrations/{integration_id}/edit", name="edit_integration_form")
async def edit_form(
    request: Request,
    viewer: Administrator,
    uow: RequestUnitOfWork,
    state: State,
    integration_id: UUID,
    typed: Annotated[Fields, Form()],
) -> Response:
    """Change it; or see the form again with what is wrong, or that somebody was quicker."""
    known = await existing(uow, integration_id)
    problem = _problem_of(typed, known)
    if not problem:
        try:
            await change(uow, state.keyring, known, wish_of(known, **typed.wished()))
            return RedirectResponse(f"/alerts/integrations/{integration_id}", 303)
        except (NameTaken, Unfit) as error:
            problem = str(error)
    return await _detail(
        request, viewer, uow.conn, WithKey(known, None), typed=typed, errors={"name": problem}
    )


@router.post("/alerts/integrations/{integration_id}/rotate", name="rotate_key_form")
async def rotate_form(
    request: Request, viewer: Administrator, uow: RequestUnitOfWork, state: State, integration_id: UUID
) -> Response:
    """A fresh key, which the page shows once."""
    return _with_key(request, viewer, await rotate(uow, state.keyring, integration_id))


@router.post("/alerts/integrations/{integration_id}/revoke", name="revoke_key_form")
async def revoke_form(
    _: Administrator, uow: RequestUnitOfWork, state: State, integration_id: UUID
) -> Response:
    """Its key opens nothing from now on."""
    await revoke(uow, state.keyring, integration_id)
    return RedirectResponse(f"/alerts/integrations/{integration_id}", 303)


@router.post("/alerts/integrations/{integration_id}/delete", name="delete_integration_form")
async def delete_form(
    _: Administrator, uow: RequestUnitOfWork, state: State, integration_id: UUID
) -> Response:
    """Delete it; its alerts stay."""
    await remove(uow, state.keyring, integration_id)
    return RedirectResponse("/alerts/integrations", 303)


def _problem_of(typed: Fields, known: Integration) -> str:
    if typed.version and typed.version != str(known.version):
        return "Somebody changed this integration in the meantime. Reload its page to see how it is now."
    return "" if typed.name.strip() else NAMELESS


def _with_key(request: Request, viewer: Principal, made: WithKey) -> Response:
    return show_once(request, viewer, made.key or "", at=f"/alerts/integrations/{made.integration.id}")


async def _list(
    request: Request,
    viewer: Principal,
    conn: ReadConnection,
    *,
    typed: Fields | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    integrations = await IntegrationRepository(conn).all()
    doing = await health_of_each(DeliveryQueries(conn), integrations)
    return page(
        request,
        "integrations.html",
        viewer,
        status_code=422 if errors else 200,
        rows=[(one, doing[one.id].health, doing[one.id].latest) for one in integrations],
        warnings=await warnings_about(Catalogue(conn), integrations),
        typed=typed or Fields(),
        services=await Catalogue(conn).slugs(),
        errors=errors or {},
        may_change=viewer.may("config:write"),
    )


async def _detail(
    request: Request,
    viewer: Principal,
    conn: ReadConnection,
    made: WithKey,
    *,
    typed: Fields | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    integration: Integration = made.integration
    latest = await DeliveryQueries(conn).page(
        integration_id=integration.id, verdict=None, before=None, limit=DELIVERIES_SHOWN
    )
    doing = await health_of_each(DeliveryQueries(conn), [integration])
    public_url: str = request.app.state.detector.public_url
    return page(
        request,
        "integration.html",
        viewer,
        status_code=422 if errors else 200,
        integration=integration,
        typed=typed or filled(integration),
        errors=errors or {},
        services=await Catalogue(conn).slugs(),
        key=made.key,
        url=url_for(integration.source, public_url=public_url, key=made.key),
        snippets=snippets_for(integration, public_url=public_url, key=made.key),
        health=doing[integration.id].health,
        deliveries=latest,
        warnings=(await warnings_about(Catalogue(conn), [integration])).get(integration.id, ()),
        may_change=viewer.may("config:write"),
    )
