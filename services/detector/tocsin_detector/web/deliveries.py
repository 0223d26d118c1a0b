"""`/alerts/deliveries`: what became of each post."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from tocsin_access.dependencies import page_viewer
from tocsin_access.principal import Principal
from tocsin_chassis.render import page
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import page_router
from tocsin_detector.domain.explain import reason_in_words
from tocsin_detector.store.decisions import DecisionLog
from tocsin_detector.store.integrations import IntegrationRepository
from tocsin_detector.store.queries import DeliveryQueries
from tocsin_detector.usecases.accept import Rejection
from tocsin_detector.usecases.find import existing_delivery
from tocsin_detector.usecases.replay import post_again
from tocsin_detector.web.bodies import shown_body
from tocsin_detector.web.state import State

router = page_router()
Reader = Annotated[Principal, Depends(page_viewer("alerts:read"))]
Writer = Annotated[Principal, Depends(page_viewer("alerts:write"))]


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
async def replay_form(_: Writer, uow: RequestUnitOfWork, state: State, delivery_id: UUID) -> Response:
    """Play it again; the new delivery's page shows what came of it."""
    integration, post = await post_again(
        DeliveryQueries(uow.conn), IntegrationRepository(uow.conn), delivery_id
    )
    try:
        receipt = await state.accept(integration, post)
    except Rejection:
        return RedirectResponse(f"/alerts/integrations/{integration.id}", 303)
    return RedirectResponse(f"/alerts/deliveries/{receipt.delivery_id}", 303)
