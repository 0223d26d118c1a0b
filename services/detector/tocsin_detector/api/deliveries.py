"""`/api/v1/deliveries`: what each sender posted, and what became of it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from tocsin_access.dependencies import require
from tocsin_access.principal import Principal
from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_detector.api.schemas import DeliveryOut, ReceiptOut, delivery_out
from tocsin_detector.api.state import State
from tocsin_detector.domain.health import Verdict
from tocsin_detector.store.decisions import DecisionLog
from tocsin_detector.store.intake import DatabaseAway
from tocsin_detector.store.integrations import IntegrationRepository
from tocsin_detector.store.queries import DeliveryQueries
from tocsin_detector.usecases.accept import Rejection
from tocsin_detector.usecases.find import existing_delivery, kept_body, last_id
from tocsin_detector.usecases.group_commit import TooMuchWaiting
from tocsin_detector.usecases.replay import post_again
from tocsin_runtime.errors import Code, FieldError, Problem

router = api_router(prefix="/api/v1/deliveries", tags=["deliveries"])
MayRead = Annotated[Principal, Depends(require("alerts:read"))]
MayWrite = Annotated[Principal, Depends(require("alerts:write"))]


@router.get("", name="list_deliveries")
async def list_deliveries(
    _: MayRead,
    query: ListQueryParams,
    conn: ReadConnection,
    request: Request,
    response: Response,
    integration_id: UUID | None = None,
    verdict: Verdict | None = None,
) -> Listing[DeliveryOut]:
    """Deliveries, newest first."""
    found = await DeliveryQueries(conn).page(
        integration_id=integration_id, verdict=verdict, before=last_id(query.after), limit=query.limit + 1
    )
    shown, cursor = query.cut(found, lambda delivery: [str(delivery.id)])
    alerts = await DecisionLog(conn).alerts_of([delivery.id for delivery in shown])
    link_next(request, response, cursor)
    return Listing(items=[delivery_out(d, alerts.get(d.id, [])) for d in shown], next=cursor)


@router.get("/{delivery_id}", name="get_delivery")
async def get_delivery(_: MayRead, delivery_id: UUID, conn: ReadConnection) -> DeliveryOut:
    """One delivery."""
    delivery = await existing_delivery(DeliveryQueries(conn), delivery_id)
    alerts = await DecisionLog(conn).alerts_of([delivery_id])
    return delivery_out(delivery, alerts.get(delivery_id, []))


@router.get("/{delivery_id}/body", name="get_delivery_body", response_class=Response)
async def get_body(_: MayRead, delivery_id: UUID, conn: ReadConnection) -> Response:
    """The bytes that were sent, unpacked if they came packed; as a download, so that no browser runs them."""
    body = await kept_body(DeliveryQueries(conn), delivery_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{delivery_id}.bin"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, media_type="application/octet-stream", headers=headers)


@router.post("/{delivery_id}/replay", name="replay_delivery", status_code=202)
async def replay(_: MayWrite, delivery_id: UUID, uow: RequestUnitOfWork, state: State) -> ReceiptOut:
    """Play it again, with the parser and the settings as they are now. It counts as received now."""
    integration, post = await post_again(
        DeliveryQueries(uow.conn), IntegrationRepository(uow.conn), delivery_id
    )
    try:
        receipt = await state.accept(integration, post)
    except Rejection as rejection:
        errors = [FieldError(fault.pointer, fault.detail) for fault in rejection.faults]
        raise Problem(rejection.status, rejection.code, rejection.detail, errors=errors) from rejection
    except (DatabaseAway, TooMuchWaiting) as error:
        raise Problem(
            503,
            Code.UNAVAILABLE,
            "It was not replayed. Try again in ten seconds.",
            headers={"Retry-After": "10"},
        ) from error
    return ReceiptOut.model_validate(receipt, from_attributes=True)
