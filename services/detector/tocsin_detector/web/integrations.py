"""`/alerts/integrations` and `/alerts/deliveries`: who sends, how to make a tool send, and what became of each post."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from tocsin_access.dependencies import page_viewer
from tocsin_access.once import show_once, shown_once
from tocsin_access.principal import Principal
from tocsin_chassis.render import page
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork, get_service
from tocsin_chassis.routing import page_router
from tocsin_detector.domain.addresses import url_for
from tocsin_detector.domain.errors import NameTaken, NotFound, Unfit
from tocsin_detector.domain.explain import reason_in_words
from tocsin_detector.domain.health import health_of
from tocsin_detector.domain.integration import Integration, Source
from tocsin_detector.domain.severity import Severity
from tocsin_detector.store.catalogue import Catalogue
from tocsin_detector.store.decisions import DecisionLog
from tocsin_detector.store.integrations import IntegrationRepository
from tocsin_detector.store.queries import DeliveryQueries
from tocsin_detector.usecases.accept import Rejection
from tocsin_detector.usecases.find import existing_delivery
from tocsin_detector.usecases.manage_integrations import Wish, WithKey, create, remove, revoke, rotate
from tocsin_detector.usecases.replay import post_again
from tocsin_detector.usecases.warn import warnings_about
from tocsin_detector.web.bodies import shown_body
from tocsin_detector.web.snippets import snippets_for
from tocsin_detector.web.state import State

router = page_router()
Reader = Annotated[Principal, Depends(page_viewer("alerts:read"))]
Writer = Annotated[Principal, Depends(page_viewer("alerts:write"))]
Administrator = Annotated[Principal, Depends(page_viewer("config:write"))]
Text = Annotated[str, Form(max_length=200)]
DELIVERIES_SHOWN = 20
HEALTH_LOOKS_AT = 10


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
    source: Annotated[Source, Form()],
    name: Text = "",
    service: Text = "",
    severity: Annotated[Severity, Form()] = Severity.MEDIUM,
    group_by: Text = "",
) -> Response:
    """Make one; its page shows the key once."""
    typed = {"name": name.strip(), "source": source.value, "service": service, "severity": severity.value}
    typed["group_by"] = group_by
    if not typed["name"]:
        return await _list(request, viewer, uow.conn, typed=typed, errors={"name": "Say which tool it is."})
    labels = tuple(label for label in group_by.replace(",", " ").split() if label)
    wish = Wish(typed["name"], source, service=service.strip() or None, severity=severity, group_by=labels)
    try:
        made = await create(uow, state.keyring, wish)
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


@router.get("/alerts/deliveries/{delivery_id}", name="delivery_page")
async def delivery_page(
    request: Request, viewer: Reader, conn: ReadConnection, delivery_id: UUID
) -> Response:
    """What was sent, beside what it was understood as."""
    delivery = await existing_delivery(DeliveryQueries(conn), delivery_id)
    integration = (await IntegrationRepository(conn).with_ids([delivery.integration_id])).get(
        delivery.integration_id
    )
    decided = await DecisionLog(conn).of_delivery(delivery_id)
    return page(
        request,
        "delivery.html",
        viewer,
        delivery=delivery,
        integration=integration,
        decided=[(one, reason_in_words(one.reason)) for one in decided],
        body=shown_body(await DeliveryQueries(conn).body(delivery_id)),
        may_replay=viewer.may("alerts:write"),
    )


@router.post("/alerts/deliveries/{delivery_id}/replay", name="replay_form")
async def replay_form(_: Writer, request: Request, state: State, delivery_id: UUID) -> Response:
    """Play it again; the new delivery's page shows what came of it."""
    integration, post = await post_again(get_service(request).database, delivery_id)
    try:
        receipt = await state.accept(integration, post)
    except Rejection:
        return RedirectResponse(f"/alerts/integrations/{integration.id}", 303)
    return RedirectResponse(f"/alerts/deliveries/{receipt.delivery_id}", 303)


def _with_key(request: Request, viewer: Principal, made: WithKey) -> Response:
    return show_once(request, viewer, made.key or "", at=f"/alerts/integrations/{made.integration.id}")


async def _list(
    request: Request,
    viewer: Principal,
    conn: ReadConnection,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    rows = []
    integrations = await IntegrationRepository(conn).all()
    for integration in integrations:
        latest = await DeliveryQueries(conn).page(
            integration_id=integration.id, verdict=None, before=None, limit=HEALTH_LOOKS_AT
        )
        lines = [delivery.line() for delivery in latest]
        health = health_of(lines, revoked=integration.revoked_at is not None)
        rows.append((integration, health, latest[0] if latest else None))
    return page(
        request,
        "integrations.html",
        viewer,
        status_code=422 if errors else 200,
        rows=rows,
        warnings=await warnings_about(Catalogue(conn), integrations),
        typed=typed or {"name": "", "source": "generic", "service": "", "severity": "medium", "group_by": ""},
        errors=errors or {},
        may_change=viewer.may("config:write"),
    )


async def _detail(request: Request, viewer: Principal, conn: ReadConnection, made: WithKey) -> Response:
    integration: Integration = made.integration
    latest = await DeliveryQueries(conn).page(
        integration_id=integration.id, verdict=None, before=None, limit=DELIVERIES_SHOWN
    )
    public_url: str = request.app.state.detector.public_url
    lines = [delivery.line() for delivery in latest[:HEALTH_LOOKS_AT]]
    return page(
        request,
        "integration.html",
        viewer,
        integration=integration,
        key=made.key,
        url=url_for(integration.source, public_url=public_url, key=made.key),
        snippets=snippets_for(integration, public_url=public_url, key=made.key),
        health=health_of(lines, revoked=integration.revoked_at is not None),
        deliveries=latest,
        warnings=(await warnings_about(Catalogue(conn), [integration])).get(integration.id, ()),
        may_change=viewer.may("config:write"),
    )
