"""The forms of an incident's page. Each answers with the page itself, so that all works without a script."""

from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from tocsin_chassis.requests import RequestUnitOfWork
from tocsin_chassis.routing import page_router
from tocsin_incidents.domain.errors import Invalid
from tocsin_incidents.domain.incident import Incident, Origin, Status
from tocsin_incidents.domain.opening import SUMMARY_LIMIT, TITLE_LIMIT
from tocsin_incidents.domain.severity import Severity
from tocsin_incidents.usecases.declare import Declaration, declare
from tocsin_incidents.usecases.record import Outcome
from tocsin_incidents.usecases.respond import (
    acknowledge_incident,
    advance_incident,
    assign_incident,
    close_incident,
    correct_incident,
    judge_incident,
    reopen_incident,
    resolve_incident,
)
from tocsin_incidents.usecases.write import add_note, post_update
from tocsin_incidents.web.dependencies import CurrentDesk, IncidentRef, Responder, actor_of
from tocsin_incidents.web.incidents import declare_form
from tocsin_runtime.errors import Code, FieldError, Problem
from tocsin_runtime.text import clean

router = page_router()

BODY_LIMIT = 10_000
REMARK_LIMIT = 2_000
Text = Annotated[str, Form()]
Choice = TypeVar("Choice", Status, Severity)


@router.post("/incidents", name="declare_form")
async def declare_incident(
    request: Request,
    principal: Responder,
    uow: RequestUnitOfWork,
    desk: CurrentDesk,
    title: Text = "",
    severity: Text = Severity.SEV2,
    service: Text = "",
    summary: Text = "",
    public: Text = "",
    drill: Text = "",
) -> Response:
    """Declare, then see the incident; or see the form again with what is wrong."""
    form = {
        "title": clean(title).strip(),
        "severity": severity,
        "service": clean(service).strip(),
        "summary": clean(summary).strip(),
    }
    flags = {"public": bool(public), "drill": bool(drill)}
    errors = _wrong(form)
    if not errors:
        declaration = Declaration(
            form["title"],
            Severity(severity),
            origin=Origin.PAGE,
            service=form["service"] or None,
            summary=form["summary"],
            public=flags["public"],
            drill=flags["drill"],
        )
        try:
            incident = await declare(uow, desk, declaration=declaration, actor=actor_of(principal))
            return _see(incident)
        except Invalid as error:
            errors = {error.pointer.strip("/"): error.detail}
    return await declare_form(request, principal, conn=uow.conn, form={**form, **flags}, errors=errors)


def _wrong(form: dict[str, str]) -> dict[str, str]:
    errors = {}
    if not form["title"]:
        errors["title"] = "Say in a few words what is broken"
    if len(form["title"]) > TITLE_LIMIT:
        errors["title"] = f"Use at most {TITLE_LIMIT} characters; the rest belongs in the summary"
    if len(form["summary"]) > SUMMARY_LIMIT:
        errors["summary"] = f"Use at most {SUMMARY_LIMIT} characters"
    if form["severity"] not in set(Severity):
        errors["severity"] = "Choose how bad it is"
    return errors


@router.post("/incidents/{incident}/acknowledge", name="acknowledge_form")
async def acknowledge(
    ref: IncidentRef, principal: Responder, uow: RequestUnitOfWork, desk: CurrentDesk
) -> Response:
    """Take it."""
    return _done(await acknowledge_incident(uow, desk, ref=ref, actor=actor_of(principal), via="page"))


@router.post("/incidents/{incident}/status", name="status_form")
async def change_status(
    ref: IncidentRef, principal: Responder, uow: RequestUnitOfWork, desk: CurrentDesk, status: Text = ""
) -> Response:
    """Move on."""
    to = _one_of(Status, status, name="status")
    return _done(await advance_incident(uow, desk, ref=ref, to=to, actor=actor_of(principal)))


@router.post("/incidents/{incident}/severity", name="severity_form")
async def change_severity(
    ref: IncidentRef,
    principal: Responder,
    uow: RequestUnitOfWork,
    desk: CurrentDesk,
    severity: Text = "",
    reason: Text = "",
) -> Response:
    """Judge it graver or milder."""
    to, why = _one_of(Severity, severity, name="severity"), _text(reason, name="reason", limit=REMARK_LIMIT)
    return _done(await judge_incident(uow, desk, ref=ref, severity=to, why=why, actor=actor_of(principal)))


@router.post("/incidents/{incident}/assign", name="assign_form")
async def assign(
    ref: IncidentRef, principal: Responder, uow: RequestUnitOfWork, desk: CurrentDesk, user_id: Text = ""
) -> Response:
    """Give it to somebody."""
    try:
        to = UUID(user_id) if user_id else None
    except ValueError:
        raise _refused("user_id", "Choose a person from the list") from None
    return _done(await assign_incident(uow, desk, ref=ref, to=to, actor=actor_of(principal)))


@router.post("/incidents/{incident}/updates", name="update_form")
async def update(
    ref: IncidentRef,
    principal: Responder,
    uow: RequestUnitOfWork,
    desk: CurrentDesk,
    body: Text = "",
    public: Text = "",
) -> Response:
    """Tell what is known."""
    text, actor = _text(body, name="body", limit=BODY_LIMIT, needed=True), actor_of(principal)
    incident, _ = await post_update(uow, desk, ref=ref, body=text, public=bool(public), actor=actor)
    return _see(incident, said="posted")


@router.post("/incidents/{incident}/notes", name="note_form")
async def note(
    ref: IncidentRef, principal: Responder, uow: RequestUnitOfWork, desk: CurrentDesk, body: Text = ""
) -> Response:
    """Note something for the team."""
    text = _text(body, name="body", limit=BODY_LIMIT, needed=True)
    incident, _ = await add_note(uow, desk, ref=ref, body=text, actor=actor_of(principal))
    return _see(incident, said="noted")


@router.post("/incidents/{incident}/resolve", name="resolve_form")
async def resolve(
    ref: IncidentRef, principal: Responder, uow: RequestUnitOfWork, desk: CurrentDesk, resolution: Text = ""
) -> Response:
    """It is over."""
    how = _text(resolution, name="resolution", limit=REMARK_LIMIT)
    return _done(await resolve_incident(uow, desk, ref=ref, resolution=how, actor=actor_of(principal)))


@router.post("/incidents/{incident}/reopen", name="reopen_form")
async def reopen(
    ref: IncidentRef, principal: Responder, uow: RequestUnitOfWork, desk: CurrentDesk, why: Text = ""
) -> Response:
    """It was not over."""
    text = _text(why, name="why", limit=REMARK_LIMIT, needed=True)
    return _done(await reopen_incident(uow, desk, ref=ref, why=text, actor=actor_of(principal)))


@router.post("/incidents/{incident}/close", name="close_form")
async def close(
    ref: IncidentRef, principal: Responder, uow: RequestUnitOfWork, desk: CurrentDesk
) -> Response:
    """Nothing more is to be done."""
    return _done(await close_incident(uow, desk, ref=ref, actor=actor_of(principal)))


@router.post("/incidents/{incident}/details", name="details_form")
async def details(
    ref: IncidentRef,
    principal: Responder,
    uow: RequestUnitOfWork,
    desk: CurrentDesk,
    title: Text = "",
    summary: Text = "",
    visible: Text = "",
) -> Response:
    """Correct the words, and whether the world sees it."""
    changes: dict[str, object] = {
        "title": _text(title, name="title", limit=TITLE_LIMIT, needed=True),
        "summary": _text(summary, name="summary", limit=SUMMARY_LIMIT),
        "public": bool(visible),
    }
    outcome = await correct_incident(uow, desk, ref=ref, changes=changes, actor=actor_of(principal))
    return _see(outcome.incident, said="corrected" if outcome.changed else outcome.reason)


def _see(incident: Incident, *, said: str = "") -> Response:
    return RedirectResponse(f"/incidents/{incident.ref}" + (f"?said={said}" if said else ""), status_code=303)


def _done(outcome: Outcome) -> Response:
    return _see(outcome.incident, said="" if outcome.changed else outcome.reason)


def _text(text: str, *, name: str, limit: int, needed: bool = False) -> str:
    text = clean(text).strip()
    if needed and not text:
        raise _refused(name, "Write something first. Go back and try again.")
    if len(text) > limit:
        raise _refused(name, f"Use at most {limit} characters. Go back: what you wrote is still there.")
    return text


def _one_of(kind: type[Choice], value: str, *, name: str) -> Choice:
    if value not in set(kind):
        raise _refused(name, f"Choose one of {', '.join(kind)}.")
    return kind(value)


def _refused(name: str, detail: str) -> Problem:
    return Problem(422, Code.INVALID_REQUEST, detail, errors=[FieldError(f"/{name}", detail)])
