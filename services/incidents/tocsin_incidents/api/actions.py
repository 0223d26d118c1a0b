"""POST /api/v1/incidents/{id}/{action}: what people do about an incident.

Each answers with the incident as it now is. Doing again what is done already changes nothing, and says so.
"""

from typing import Annotated
from uuid import UUID

from fastapi import Body as BodyOf
from fastapi import Response
from pydantic import BaseModel, ConfigDict

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_chassis.moments import Moment
from tocsin_chassis.once_told import RequestUnits
from tocsin_chassis.preconditions import IfMatch, etag
from tocsin_chassis.requests import RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_incidents.api.dependencies import CurrentDesk, IncidentRef, Responder, actor_of
from tocsin_incidents.api.fields import Body, Reason, Remark
from tocsin_incidents.api.schemas import EntryView, OutcomeView, entry_view, names_for, view_fields
from tocsin_incidents.domain.errors import UnknownReference
from tocsin_incidents.domain.incident import Status
from tocsin_incidents.domain.severity import Severity
from tocsin_incidents.domain.wording import NOTHING_CHANGED, WHY
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.record import Outcome
from tocsin_incidents.usecases.respond import (
    acknowledge_incident,
    advance_incident,
    assign_incident,
    close_incident,
    judge_incident,
    reopen_incident,
    resolve_incident,
)
from tocsin_incidents.usecases.write import add_note, post_update

router = api_router(prefix="/api/v1/incidents/{incident}", tags=["incidents"])


class Form(BaseModel):
    """A body; unknown fields are refused, so that a misspelt one is not lost in silence."""

    model_config = ConfigDict(extra="forbid")


class AssignBody(Form):
    """Null takes it from whoever has it."""

    user_id: UUID | None


class SeverityBody(Form):
    """The severity and, best, why."""

    severity: Severity
    reason: Remark = ""


class StatusBody(Form):
    """A later state; backwards only by reopening."""

    status: Status


class UpdateBody(Form):
    """Markdown. A public update goes to the status page too."""

    body: Body
    public: bool = False
    next_due_at: Moment | None = None


class NoteBody(Form):
    """Markdown, for the team only."""

    body: Body


class ResolveBody(Form):
    """How it was fixed, if known."""

    resolution: Remark = ""


class ReopenBody(Form):
    """Why it was not over."""

    reason: Reason


NoBody = Annotated[Form | None, BodyOf()]


@router.post("/acknowledge", response_model=OutcomeView)
async def acknowledge(
    ref: IncidentRef,
    response: Response,
    principal: Responder,
    uow: RequestUnitOfWork,
    desk: CurrentDesk,
    check: IfMatch,
    body: NoBody = None,
) -> OutcomeView:
    """Take it. The escalation stops; whoever acknowledges has it."""
    outcome = await acknowledge_incident(uow, desk, ref=ref, actor=actor_of(principal), check=check)
    return await _answer(uow, desk, outcome=outcome, response=response)


@router.post("/assign", response_model=OutcomeView)
async def assign(
    ref: IncidentRef,
    body: AssignBody,
    response: Response,
    principal: Responder,
    units: RequestUnits,
    desk: CurrentDesk,
    check: IfMatch,
) -> OutcomeView:
    """Give it to a person, or to nobody."""
    actor = actor_of(principal)

    async def give(uow: UnitOfWork) -> OutcomeView:
        outcome = await assign_incident(uow, desk, ref=ref, to=body.user_id, actor=actor, check=check)
        return await _answer(uow, desk, outcome=outcome, response=response)

    return await units.once_told(give, UnknownReference)


@router.post("/severity", response_model=OutcomeView)
async def change_severity(
    ref: IncidentRef,
    body: SeverityBody,
    response: Response,
    principal: Responder,
    uow: RequestUnitOfWork,
    desk: CurrentDesk,
    check: IfMatch,
) -> OutcomeView:
    """Graver or milder; the response deadline moves with it while nobody has acknowledged."""
    outcome = await judge_incident(
        uow,
        desk,
        ref=ref,
        severity=body.severity,
        why=body.reason,
        actor=actor_of(principal),
        check=check,
    )
    return await _answer(uow, desk, outcome=outcome, response=response)


@router.post("/status", response_model=OutcomeView)
async def change_status(
    ref: IncidentRef,
    body: StatusBody,
    response: Response,
    principal: Responder,
    uow: RequestUnitOfWork,
    desk: CurrentDesk,
    check: IfMatch,
) -> OutcomeView:
    """Move on. Steps may be skipped; 409 for a step backwards, with what to do instead."""
    actor = actor_of(principal)
    outcome = await advance_incident(uow, desk, ref=ref, to=body.status, actor=actor, check=check)
    return await _answer(uow, desk, outcome=outcome, response=response)


@router.post("/updates", status_code=201, response_model=EntryView)
async def updates(
    ref: IncidentRef,
    body: UpdateBody,
    response: Response,
    principal: Responder,
    uow: RequestUnitOfWork,
    desk: CurrentDesk,
    check: IfMatch,
) -> EntryView:
    """Post an update; without `next_due_at` the next is promised by the rule."""
    incident, entry = await post_update(
        uow,
        desk,
        ref=ref,
        body=body.body,
        public=body.public,
        next_due_at=body.next_due_at,
        actor=actor_of(principal),
        check=check,
    )
    response.headers["ETag"] = etag(incident.version)
    return entry_view(entry)


@router.post("/notes", status_code=201, response_model=EntryView)
async def notes(
    ref: IncidentRef,
    body: NoteBody,
    response: Response,
    principal: Responder,
    uow: RequestUnitOfWork,
    desk: CurrentDesk,
    check: IfMatch,
) -> EntryView:
    """Add a note for the team."""
    actor = actor_of(principal)
    incident, entry = await add_note(uow, desk, ref=ref, body=body.body, actor=actor, check=check)
    response.headers["ETag"] = etag(incident.version)
    return entry_view(entry)


@router.post("/resolve", response_model=OutcomeView)
async def resolve(
    ref: IncidentRef,
    response: Response,
    principal: Responder,
    uow: RequestUnitOfWork,
    desk: CurrentDesk,
    check: IfMatch,
    body: ResolveBody | None = None,
) -> OutcomeView:
    """It is over. An alert that still fires well after this reopens it."""
    resolution = body.resolution if body else ""
    actor = actor_of(principal)
    outcome = await resolve_incident(uow, desk, ref=ref, resolution=resolution, actor=actor, check=check)
    return await _answer(uow, desk, outcome=outcome, response=response)


@router.post("/reopen", response_model=OutcomeView)
async def reopen(
    ref: IncidentRef,
    body: ReopenBody,
    response: Response,
    principal: Responder,
    uow: RequestUnitOfWork,
    desk: CurrentDesk,
    check: IfMatch,
) -> OutcomeView:
    """It was not over: a resolved or closed one has to be acknowledged anew, a mitigated one is investigated on."""
    actor = actor_of(principal)
    outcome = await reopen_incident(uow, desk, ref=ref, why=body.reason, actor=actor, check=check)
    return await _answer(uow, desk, outcome=outcome, response=response)


@router.post("/close", response_model=OutcomeView)
async def close(
    ref: IncidentRef,
    response: Response,
    principal: Responder,
    uow: RequestUnitOfWork,
    desk: CurrentDesk,
    check: IfMatch,
    body: NoBody = None,
) -> OutcomeView:
    """Nothing more is to be done. Only what is resolved can be closed."""
    outcome = await close_incident(uow, desk, ref=ref, actor=actor_of(principal), check=check)
    return await _answer(uow, desk, outcome=outcome, response=response)


async def _answer(uow: UnitOfWork, desk: Desk, *, outcome: Outcome, response: Response) -> OutcomeView:
    incident = outcome.incident
    response.headers["ETag"] = etag(incident.version)
    names = await names_for(uow.conn, [incident])
    detail = NOTHING_CHANGED.get(outcome.reason, WHY.get(outcome.reason, "Done."))
    return OutcomeView(
        **view_fields(incident, desk.rules, names=names, now=uow.now),
        changed=outcome.changed,
        reason=outcome.reason,
        detail=detail,
    )
