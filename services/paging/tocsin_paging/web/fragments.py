"""`/on-call/fragments/…`: what pages of other services show of paging."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from tocsin_access.dependencies import page_viewer
from tocsin_access.principal import Principal
from tocsin_chassis.references import IncidentName
from tocsin_chassis.render import page
from tocsin_chassis.requests import RequestReading
from tocsin_chassis.routing import page_router
from tocsin_paging.domain.errors import NotFoundError
from tocsin_paging.domain.policy import LAST_RESORT
from tocsin_paging.store.escalations import EscalationRepository
from tocsin_paging.store.on_call import (
    Duties,
    on_call_everywhere,
    on_call_of_policy,
    on_call_of_schedule,
    on_call_of_service,
)
from tocsin_paging.store.pages import PageFilter, PageRepository
from tocsin_paging.web.views import cards, in_one_line, until, zone_of

router = page_router()
Reader = Annotated[Principal, Depends(page_viewer("paging:read"))]
Reference = Annotated[str, Query(max_length=254)]


@router.get("/on-call/fragments/me", name="me_fragment")
async def me(request: Request, viewer: Reader, reading: RequestReading) -> Response:
    """Whether the reader is on call, and until when; else who is. Nothing where there is no schedule."""
    found = await on_call_everywhere(reading.conn, at=reading.now)
    mine = [duties for duties in found if viewer.user_id and duties.user_id == viewer.user_id]
    if mine:
        ends = [duties.until for duties in mine if duties.until]
        text = "You are on call"
        text += f" until {until(min(ends), zone_of(viewer), now=reading.now)}" if ends else ""
    else:
        text = in_one_line(await cards(reading.conn, found))
    return page(request, "fragments/me.html", viewer, text=text)


@router.get("/on-call/fragments/now", name="now_fragment")
async def now(
    request: Request,
    viewer: Reader,
    reading: RequestReading,
    service: Reference = "",
    policy: Reference = "",
    schedule: Reference = "",
) -> Response:
    """Who is on call for a service, a policy or a schedule, or everywhere."""
    problem, found = "", list[Duties]()
    try:
        if service:
            found = await on_call_of_service(reading.conn, service, at=reading.now)
        elif policy:
            found = await on_call_of_policy(reading.conn, policy, at=reading.now)
        elif schedule:
            found = await on_call_of_schedule(reading.conn, schedule, at=reading.now)
        else:
            found = await on_call_everywhere(reading.conn, at=reading.now)
    except NotFoundError as error:
        problem = str(error)
    return page(
        request, "fragments/now.html", viewer, cards=await cards(reading.conn, found), problem=problem
    )


@router.get("/on-call/fragments/pages", name="pages_fragment")
async def pages(
    request: Request, viewer: Reader, reading: RequestReading, incident_id: IncidentName
) -> Response:
    """Who was paged for an incident, what became of it, and what happens next."""
    found = await PageRepository(reading.conn).listed(PageFilter(incident_id=incident_id), limit=50)
    case = await EscalationRepository(reading.conn).get(incident_id)
    return page(
        request,
        "fragments/pages.html",
        viewer,
        pages=found,
        case=case,
        now=reading.now,
        last_resort=LAST_RESORT.id,
    )
