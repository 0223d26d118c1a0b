"""`/api/v1/messages`: what was sent into chats, with receipts."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from tocsin_access.dependencies import require
from tocsin_access.principal import Principal
from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.references import IncidentName
from tocsin_chassis.requests import ReadConnection
from tocsin_chassis.routing import api_router
from tocsin_comms.api.schemas import MessageOut
from tocsin_comms.store.messages import Message
from tocsin_comms.store.queries import MessageFilter, list_messages

MayRead = Annotated[Principal, Depends(require("comms:read"))]
State = Literal["queued", "retrying", "sent", "failed", "dropped"]


def message_router() -> APIRouter:
    """The routes."""
    router = api_router(prefix="/api/v1/messages", tags=["messages"])

    @router.get("", name="list_messages")
    async def list_all(
        _: MayRead,
        conn: ReadConnection,
        query: ListQueryParams,
        request: Request,
        response: Response,
        incident_id: IncidentName | None = None,
        channel: Annotated[str | None, Query(max_length=40)] = None,
        state: State | None = None,
        kind: Annotated[str | None, Query(max_length=40)] = None,
    ) -> Listing[MessageOut]:
        """Messages, the newest first."""
        before = int(query.after[0]) if query.after else None
        wanted = MessageFilter(incident_id=incident_id, channel=channel, state=state, kind=kind)
        rows = await list_messages(conn, wanted, limit=query.limit + 1, before=before)
        shown, following = query.cut(rows, lambda message: [message.position])
        link_next(request, response, following)
        return Listing(items=[_out(message) for message in shown], next=following)

    return router


def _out(message: Message) -> MessageOut:
    return MessageOut(
        id=message.id,
        incident_id=message.incident_id,
        incident=f"INC-{message.number}" if message.number else None,
        channel=message.channel,
        kind=message.kind,
        text=message.text,
        state=message.state,
        reason=message.reason,
        receipt=message.receipt,
        attempts=message.attempts,
        queued_at=message.queued_at,
        finished_at=message.finished_at,
    )
