"""/incidents: the list, one incident, and the red line."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from tocsin_access.directory import Directory
from tocsin_access.principal import Principal
from tocsin_chassis.listing import ListQueryParams
from tocsin_chassis.render import page
from tocsin_chassis.requests import ReadConnection
from tocsin_chassis.routing import page_router
from tocsin_incidents.domain.incident import Incident, Status, unknown
from tocsin_incidents.domain.severity import CRITERIA, Severity
from tocsin_incidents.domain.timeline import Kind
from tocsin_incidents.domain.wording import NOTHING_CHANGED
from tocsin_incidents.store.incidents import IncidentRepository
from tocsin_incidents.store.queries import (
    OPEN,
    Wanted,
    gravest_open,
    list_incidents,
    moved_at,
    open_by_severity,
    service_ids_called,
    team_ids_called,
)
from tocsin_incidents.store.services import ServiceRepository
from tocsin_incidents.store.timeline import TimelineRepository
from tocsin_incidents.web.dependencies import IncidentRef, Now, Reader, Responder
from tocsin_incidents.web.story import LOOKS, later_states, next_step, steps

router = page_router()

ENTRIES = 100
"""Entries of the timeline on one page."""

SAID = {"posted": "Posted", "noted": "Noted", "corrected": "Corrected", **NOTHING_CHANGED}
"""What a toast says after an action whose effect is not plain to see."""


@router.get("/incidents", name="incidents_page", response_class=HTMLResponse)
async def list_page(
    request: Request,
    cut: ListQueryParams,
    principal: Reader,
    conn: ReadConnection,
    now: Now,
) -> HTMLResponse:
    """Open ones first; filters live in the URL."""
    params = {name: request.query_params.getlist(name) for name in request.query_params}
    wanted = await _wanted(conn, params, principal=principal)
    after = (int(cut.after[0]), int(cut.after[1])) if cut.after else None
    rows, cursor = cut.cut(
        await list_incidents(conn, wanted, limit=cut.limit + 1, after=after), lambda row: list(row[1])
    )
    shown = [incident for incident, _ in rows]
    return page(
        request,
        "incidents.html",
        principal,
        incidents=shown,
        names=await _people(conn, shown),
        counts=await open_by_severity(conn),
        groups=_groups(params, principal=principal),
        params=params,
        query=urlencode(params, doseq=True),
        next=_with_cursor(params, cursor),
        paged=cut.after is not None,
        severities=[str(severity) for severity in Severity],
        may_write=principal.may("incidents:write"),
        now=now,
    )


@router.get("/incidents/new", name="declare_page", response_class=HTMLResponse)
async def declare_page(
    request: Request, principal: Responder, conn: ReadConnection, service: str = "", title: str = ""
) -> HTMLResponse:
    """One field is enough at three in the morning; the rest can follow."""
    form = {"title": title[:200], "service": service[:100], "severity": Severity.SEV2}
    return await declare_form(request, principal, conn=conn, form=form, errors={})


async def declare_form(
    request: Request,
    principal: Principal,
    *,
    conn: ReadConnection,
    form: Mapping[str, object],
    errors: Mapping[str, str],
) -> HTMLResponse:
    """The form, with what was typed and what is wrong with it."""
    catalogue = await ServiceRepository(conn).all()
    options = [("", "I do not know"), *((service.slug, service.name) for service in catalogue)]
    severities = [(str(severity), str(severity), CRITERIA[severity]) for severity in Severity]
    defaults = {
        "title": "",
        "service": "",
        "summary": "",
        "severity": Severity.SEV2,
        "public": True,
        "drill": False,
    }
    return page(
        request,
        "declare.html",
        principal,
        status_code=422 if errors else 200,
        form={**defaults, **form},
        errors=errors,
        services=options,
        severities=severities,
    )


@router.get("/incidents/fragments/sev1", name="sev1_fragment", response_class=HTMLResponse)
async def sev1_fragment(request: Request, principal: Reader, conn: ReadConnection, now: Now) -> HTMLResponse:
    """The red line across every page while a SEV-1 is open; empty while none is."""
    found = await gravest_open(conn, limit=4)
    return page(request, "sev1.html", principal, found=found, now=now)


@router.get("/incidents/{incident}", name="incident_page", response_class=HTMLResponse)
async def incident_page(
    ref: IncidentRef,
    request: Request,
    principal: Reader,
    conn: ReadConnection,
    now: Now,
    before: UUID | None = None,
    said: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:
    """What is broken, how bad, since when, who has it, what to press; then the story; then the rest."""
    incident = await IncidentRepository(conn).get(ref)
    if incident is None:
        raise unknown(ref)
    entries = await TimelineRepository(conn).newest(incident.id, limit=ENTRIES + 1, before=before)
    directory = Directory(conn)
    people = await directory.users()
    return page(
        request,
        "incident.html",
        principal,
        incident=incident,
        names=await _people(conn, [incident]),
        steps=steps(incident, await moved_at(conn, incident)),
        next_step=next_step(incident),
        states=later_states(incident),
        severities=[(str(severity), f"{severity}: {CRITERIA[severity]}") for severity in Severity],
        people=[("", "Nobody"), *((str(person.id), person.name) for person in people)],
        entries=entries[:ENTRIES],
        older=entries[ENTRIES - 1].id if len(entries) > ENTRIES else None,
        newest=before is None,
        looks=LOOKS,
        lapse=await _lapse(conn, incident),
        response=incident.response.state(now),
        may_write=principal.may("incidents:write"),
        flash={"text": SAID[said], "tone": "blue"} if said in SAID else None,
        now=now,
    )


async def _lapse(conn: ReadConnection, incident: Incident) -> str | None:
    """Why its acknowledgement no longer holds, if that is so."""
    if not incident.acknowledgement_expired:
        return None
    kinds = [Kind.ACKNOWLEDGEMENT_EXPIRED]
    found = await TimelineRepository(conn).newest(incident.id, limit=1, kinds=kinds)
    return str(found[0].data.get("reason", "")) if found else None


async def _wanted(conn: ReadConnection, params: Mapping[str, list[str]], *, principal: Principal) -> Wanted:
    """What is not understood is left out: a page shows rather too much than an error."""
    statuses = {status for status in Status if status in params.get("status", [])}
    statuses |= OPEN if "open" in params.get("status", []) else set()
    statuses |= set(Status) - OPEN if "over" in params.get("status", []) else set()
    services, teams = params.get("service", []), params.get("team", [])
    mine = principal.user_id if "me" in params.get("assignee", []) else None
    return Wanted(
        statuses=frozenset(statuses) or None,
        severities=[severity for severity in Severity if severity in params.get("severity", [])] or None,
        service_ids=await service_ids_called(conn, services) if services else None,
        team_ids=await team_ids_called(conn, teams) if teams else None,
        assignee_id=mine,
        words=" ".join(params.get("q", []))[:100].strip(),
    )


def _groups(params: Mapping[str, list[str]], *, principal: Principal) -> list[dict[str, object]]:
    groups: list[dict[str, object]] = [
        {"name": "status", "label": "State", "options": [("open", "Open"), ("over", "Over")]},
        {"name": "severity", "label": "Severity", "options": [(str(one), str(one)) for one in Severity]},
    ]
    if principal.user_id is not None:
        groups.append({"name": "assignee", "label": "Who", "options": [("me", "Mine")]})
    groups.extend(
        {"name": name, "label": label, "options": [(value, value) for value in params[name]]}
        for name, label in (("service", "Service"), ("team", "Team"))
        if params.get(name)
    )
    return groups


def _with_cursor(params: Mapping[str, list[str]], cursor: str | None) -> str | None:
    if cursor is None:
        return None
    return "/incidents?" + urlencode({**params, "cursor": [cursor]}, doseq=True)


async def _people(conn: ReadConnection, incidents: list[Incident]) -> dict[UUID, str]:
    ids = {
        one
        for incident in incidents
        for one in (incident.assignee_id, incident.team_id, incident.declared_by)
    }
    return await Directory(conn).names([one for one in ids if one])
