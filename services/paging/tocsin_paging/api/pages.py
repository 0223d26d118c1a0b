"""`/api/v1/pages`: who was told what, how, and whether it got through."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from tocsin_access.dependencies import require
from tocsin_access.principal import Principal
from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.references import IncidentName
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_paging.domain.contact import Channel
from tocsin_paging.domain.errors import NotFoundError
from tocsin_paging.domain.page import Page, PageKind, PageState
from tocsin_paging.store.pages import PageFilter, PageRepository
from tocsin_paging.usecases.acknowledge import Person, acknowledge_page
from tocsin_paging.usecases.context import pager_of

router = api_router(prefix="/api/v1/pages", tags=["pages"])
Reader = Annotated[Principal, Depends(require("paging:read"))]
Writer = Annotated[Principal, Depends(require("paging:write"))]


class PageOut(BaseModel):
    """One notification of one person through one contact method, for one step of one round."""

    id: UUID
    kind: PageKind
    incident_id: UUID | None
    title: str
    round: int
    step: int
    user_id: UUID
    user: str
    channel: Channel
    contact_method_id: UUID
    why: str
    state: PageState
    attempts: int
    may_repeat: bool
    reason: str | None
    requested_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None


class AcknowledgementOut(BaseModel):
    """What the acknowledgement did. `reason` is `acknowledged`, or says why it changed nothing."""

    reason: str
    incident_id: UUID
    acknowledged_by: str | None
    acknowledged_at: datetime | None


@router.get("", name="list_pages")
async def list_pages(
    request: Request,
    response: Response,
    conn: ReadConnection,
    page: ListQueryParams,
    _: Reader,
    incident_id: IncidentName | None = None,
    user_id: UUID | None = None,
    state: PageState | None = None,
    channel: Channel | None = None,
    kind: PageKind | None = None,
    contact_method_id: UUID | None = None,
) -> Listing[PageOut]:
    """Pages, the newest first."""
    wanted = PageFilter(
        incident_id=incident_id,
        user_id=user_id,
        state=state,
        channel=channel,
        kind=kind,
        contact_id=contact_method_id,
    )
    before = UUID(page.after[0]) if page.after else None
    found = await PageRepository(conn).listed(wanted, before=before, limit=page.limit + 1)
    shown, cursor = page.cut(found, lambda found: [str(found.id)])
    link_next(request, response, cursor)
    return Listing(items=[page_out(one) for one in shown], next=cursor)


@router.get("/{page_id}", name="get_page")
async def get_page(conn: ReadConnection, _: Reader, page_id: UUID) -> PageOut:
    """One page."""
    found = await PageRepository(conn).get(page_id)
    if found is None:
        raise NotFoundError(f"There is no page {page_id}.")
    return page_out(found)


@router.post("/{page_id}/acknowledge", name="acknowledge_page")
async def acknowledge(
    request: Request, uow: RequestUnitOfWork, by: Writer, page_id: UUID
) -> AcknowledgementOut:
    """Answer. Once this is given, no new page of the incident starts. A second answer changes nothing.

    A token that acts for nobody answers as whoever was paged.
    """
    person = Person(by.user_id, name=by.name) if by.user_id else None
    answered = await acknowledge_page(uow, page_id, person, via="api", pager=pager_of(request))
    answer = answered.case.answer
    return AcknowledgementOut(
        reason=answered.reason.value,
        incident_id=answered.case.escalation.incident_id,
        acknowledged_by=answer.name if answer else None,
        acknowledged_at=answer.at if answer else None,
    )


def page_out(page: Page) -> PageOut:
    """A page as the API shows it."""
    return PageOut(
        id=page.id,
        kind=page.kind,
        incident_id=page.incident_id,
        title=page.title,
        round=page.round,
        step=page.step,
        user_id=page.user_id,
        user=page.user_name,
        channel=page.channel,
        contact_method_id=page.contact_id,
        why=page.why,
        state=page.state,
        attempts=page.attempts,
        may_repeat=page.may_repeat,
        reason=page.reason,
        requested_at=page.requested_at,
        sent_at=page.sent_at,
        acknowledged_at=page.acknowledged_at,
        acknowledged_by=page.acknowledged_name,
    )
