"""/api/v1/incidents: declare, list, read, correct, and the timeline."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict

from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.moments import Moment
from tocsin_chassis.preconditions import IfMatch, etag
from tocsin_chassis.references import IncidentName
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_incidents.api.dependencies import (
    CurrentDesk,
    IncidentRef,
    Now,
    Reader,
    Responder,
    actor_of,
)
from tocsin_incidents.api.fields import Name, Summary, Title
from tocsin_incidents.api.schemas import EntryView, IncidentView, entry_view, names_for, view_fields
from tocsin_incidents.domain.incident import Origin, Status, unknown
from tocsin_incidents.domain.severity import Severity
from tocsin_incidents.domain.timeline import Kind
from tocsin_incidents.store.incidents import IncidentRepository
from tocsin_incidents.store.queries import OPEN, Wanted, list_incidents, service_ids_called, team_ids_called
from tocsin_incidents.store.timeline import TimelineRepository
from tocsin_incidents.usecases.declare import Declaration, declare
from tocsin_incidents.usecases.respond import correct_incident
from tocsin_runtime.errors import Code, FieldError, Problem

router = api_router(prefix="/api/v1/incidents", tags=["incidents"])
Find = Callable[[ReadConnection, Sequence[str]], Awaitable[list[UUID]]]


class DeclareBody(BaseModel):
    """What is broken and how bad. `service` is a slug, a name, an alias or an id."""

    model_config = ConfigDict(extra="forbid")
    title: Title
    severity: Severity
    service: Name | None = None
    summary: Summary = ""
    impact_started_at: Moment | None = None
    public: bool = True
    drill: bool = False


class CorrectBody(BaseModel):
    """Only what is sent is changed; null takes a time away again."""

    model_config = ConfigDict(extra="forbid")
    title: Title | None = None
    summary: Summary | None = None
    public: bool | None = None
    impact_started_at: Moment | None = None
    identified_at: Moment | None = None
    next_update_due_at: Moment | None = None


class Filters(BaseModel):
    """Filters of the list; one given twice means either. `status=open` and `status=over` stand for several.

    `service` and `team` are slugs, names or ids; `q` is looked for in titles.
    """

    status: list[str] = []
    open: bool | None = None
    severity: list[Severity] = []
    service: list[str] = []
    service_id: list[UUID] = []
    team: list[str] = []
    team_id: list[UUID] = []
    assignee_id: UUID | None = None
    origin: list[Origin] = []
    public: bool | None = None
    drill: bool | None = None
    number: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
    ref: IncidentName | None = None
    q: Annotated[str, Query(max_length=100)] = ""


@router.post("", status_code=201, response_model=IncidentView)
async def declare_incident(
    body: DeclareBody, response: Response, principal: Responder, uow: RequestUnitOfWork, desk: CurrentDesk
) -> IncidentView:
    """Declare an incident. 201 says that it is stored and that paging will hear of it."""
    declaration = Declaration(origin=Origin.API, **body.model_dump())
    incident = await declare(uow, desk, declaration=declaration, actor=actor_of(principal))
    response.headers["Location"] = f"/api/v1/incidents/{incident.id}"
    response.headers["ETag"] = etag(incident.version)
    names = await names_for(uow.conn, [incident])
    return IncidentView(**view_fields(incident, desk.rules, names=names, now=uow.now))


@router.get("", response_model=Listing[IncidentView])
async def list_of_incidents(
    request: Request,
    response: Response,
    page: ListQueryParams,
    principal: Reader,
    conn: ReadConnection,
    desk: CurrentDesk,
    now: Now,
    filters: Annotated[Filters, Query()],
) -> Listing[IncidentView]:
    """Open ones first, the gravest first, the newest first; then those that are over."""
    wanted = await _wanted(conn, filters)
    after = (int(page.after[0]), int(page.after[1])) if page.after else None
    rows, cursor = page.cut(
        await list_incidents(conn, wanted, limit=page.limit + 1, after=after), lambda row: list(row[1])
    )
    link_next(request, response, cursor)
    names = await names_for(conn, [incident for incident, _ in rows])
    items = [IncidentView(**view_fields(incident, desk.rules, names=names, now=now)) for incident, _ in rows]
    return Listing(items=items, next=cursor)


@router.get("/{incident}", response_model=IncidentView)
async def read_incident(
    ref: IncidentRef, response: Response, principal: Reader, conn: ReadConnection, desk: CurrentDesk, now: Now
) -> IncidentView:
    """One incident by INC-42, 42 or its id, with the ETag that a change may name in If-Match."""
    incident = await IncidentRepository(conn).get(ref)
    if incident is None:
        raise unknown(ref)
    response.headers["ETag"] = etag(incident.version)
    names = await names_for(conn, [incident])
    return IncidentView(**view_fields(incident, desk.rules, names=names, now=now))


@router.patch("/{incident}", response_model=IncidentView)
async def correct(
    ref: IncidentRef,
    body: CorrectBody,
    response: Response,
    principal: Responder,
    uow: RequestUnitOfWork,
    desk: CurrentDesk,
    check: IfMatch,
) -> IncidentView:
    """Correct words, visibility and times; figures are made anew from the corrected times."""
    changes = body.model_dump(exclude_unset=True)
    for name in ("title", "summary", "public"):
        if name in changes and changes[name] is None:
            detail = "This cannot be null. Leave it out to keep it as it is."
            raise Problem(
                422, Code.INVALID_REQUEST, f"{name}: {detail}", errors=[FieldError(f"/{name}", detail)]
            )
    outcome = await correct_incident(
        uow, desk, ref=ref, changes=changes, actor=actor_of(principal), check=check
    )
    response.headers["ETag"] = etag(outcome.incident.version)
    names = await names_for(uow.conn, [outcome.incident])
    return IncidentView(**view_fields(outcome.incident, desk.rules, names=names, now=uow.now))


@router.get("/{incident}/timeline", response_model=Listing[EntryView])
async def timeline(
    ref: IncidentRef,
    request: Request,
    response: Response,
    page: ListQueryParams,
    principal: Reader,
    conn: ReadConnection,
    kind: Annotated[list[Kind] | None, Query(max_length=len(Kind))] = None,
) -> Listing[EntryView]:
    """The story, the newest entry first. Entries are never changed."""
    incident = await IncidentRepository(conn).get(ref)
    if incident is None:
        raise unknown(ref)
    before = UUID(page.after[0]) if page.after else None
    entries = await TimelineRepository(conn).newest(
        incident.id, limit=page.limit + 1, before=before, kinds=kind or ()
    )
    shown, cursor = page.cut(entries, lambda entry: [str(entry.id)])
    link_next(request, response, cursor)
    return Listing(items=[entry_view(entry) for entry in shown], next=cursor)


async def _wanted(conn: ReadConnection, filters: Filters) -> Wanted:
    return Wanted(
        statuses=statuses_called(filters.status),
        is_open=filters.open,
        severities=filters.severity or None,
        service_ids=_both(filters.service_id, await _called(conn, filters.service, service_ids_called)),
        team_ids=_both(filters.team_id, await _called(conn, filters.team, team_ids_called)),
        assignee_id=filters.assignee_id,
        origins=filters.origin or None,
        public=filters.public,
        drill=filters.drill,
        refs=[ref for ref in (filters.number, filters.ref) if ref is not None],
        words=filters.q.strip(),
    )


async def _called(conn: ReadConnection, names: list[str], find: Find) -> list[UUID] | None:
    return await find(conn, names) if names else None


def _both(ids: list[UUID], called: list[UUID] | None) -> list[UUID] | None:
    """What both filters let through; None when neither was given."""
    if not ids or called is None:
        return ids or called
    return [each for each in ids if each in called]


def statuses_called(names: list[str]) -> frozenset[Status] | None:
    """The statuses meant: those named, `open` and `over` standing for several; None when none is named."""
    several = {"open": OPEN, "over": frozenset(Status) - OPEN}
    known = several | {str(status): frozenset({status}) for status in Status}
    strangers = [name for name in names if name not in known]
    if strangers:
        detail = f"status is one of {', '.join(known)}"
        raise Problem(422, Code.INVALID_REQUEST, detail, errors=[FieldError("status", detail)])
    return frozenset().union(*(known[name] for name in names)) if names else None
