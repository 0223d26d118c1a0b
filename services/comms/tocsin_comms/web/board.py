"""`/comms`: what the world sees, what waits for a human, whose update is due, and what was sent."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tocsin_access.dependencies import page_viewer
from tocsin_access.directory import Directory
from tocsin_access.principal import Principal
from tocsin_chassis.references import IncidentName
from tocsin_chassis.render import page
from tocsin_chassis.requests import ReadConnection, RequestReading, RequestUnitOfWork
from tocsin_chassis.routing import page_router
from tocsin_comms.store.components import ComponentRepository
from tocsin_comms.store.incidents import IncidentRepository
from tocsin_comms.store.maintenances import MaintenanceRepository
from tocsin_comms.store.pages import PageRepository
from tocsin_comms.store.queries import (
    MessageFilter,
    Told,
    how_many_open,
    list_messages,
    open_incidents,
    told_of,
)
from tocsin_comms.store.reports import ReportRepository
from tocsin_comms.usecases.published import Published
from tocsin_comms.usecases.report import hide, publish
from tocsin_comms.usecases.rules import Rules
from tocsin_comms.web.work_form import WorkForm
from tocsin_runtime.reading import Reading
from tocsin_runtime.text import clean

Reader = Annotated[Principal, Depends(page_viewer("comms:read"))]
Writer = Annotated[Principal, Depends(page_viewer("comms:write"))]
BOARD = "/comms"
Back = Annotated[str, Form(pattern=r"^/(comms|incidents/[A-Za-z0-9-]+)$")]
"""The page that a form was on."""
MOST_HELD = 20
MOST_MESSAGES = 25

REASONS = {
    "automatic": "Published by rule",
    "already_public": "Published by rule",
    "published_by_hand": "Published by a person",
    "by_hand": "Decided by a person",
    "hidden_by_hand": "Hidden by a person",
    "page_holds": "The page holds reports until a person publishes them",
    "no_public_impact": "Its severity changes no component",
    "no_component_follows": "No component follows its service",
    "marked_internal": "The incident is marked internal",
    "drill": "It is a drill",
}
"""Why a report is shown, held or hidden, in words."""


class Board:
    """The page, as it is shown when asked for, and with a form that came back."""

    def __init__(self, rules: Rules, published: Published) -> None:
        self._rules = rules
        self._published = published

    async def show(
        self,
        request: Request,
        principal: Principal,
        reading: Reading,
        *,
        typed: WorkForm | None = None,
        errors: dict[str, str] | None = None,
    ) -> HTMLResponse:
        """The page; with errors it says what is wrong with the planned work that was typed."""
        conn = reading.conn
        told = await open_incidents(conn)
        return page(
            request,
            "comms.html",
            principal,
            status_code=422 if errors else 200,
            told=told,
            running=await how_many_open(conn),
            names=await _names(conn, told),
            held=await ReportRepository(conn).held(MOST_HELD),
            works=await MaintenanceRepository(conn).since(reading.now),
            components=await ComponentRepository(conn).all(),
            messages=await list_messages(conn, MessageFilter(dropped=False), limit=MOST_MESSAGES),
            settings=await PageRepository(conn).load(),
            site=self._published.site,
            chat=self._rules.chat_channel is not None,
            reasons=REASONS,
            typed=typed or WorkForm(),
            errors=errors or {},
            moment=reading.now,
            zone=principal.timezone or "UTC",
            may_write=principal.may("comms:write"),
        )


def board_router(rules: Rules, board: Board) -> APIRouter:
    """The routes."""
    router = page_router()
    _pages(router, board)
    _actions(router, rules)
    return router


def _pages(router: APIRouter, shown: Board) -> None:
    @router.get(BOARD, name="comms")
    async def board(principal: Reader, request: Request, reading: RequestReading) -> HTMLResponse:
        return await shown.show(request, principal, reading)

    @router.get("/comms/fragments/incidents/{incident}", name="comms_incident_fragment")
    async def fragment(
        principal: Reader, incident: IncidentName, request: Request, conn: ReadConnection
    ) -> HTMLResponse:
        """For the incident's own page: what the world is told of it, and its last messages."""
        found = await IncidentRepository(conn).find(incident)
        told = await told_of(conn, found) if found else None
        wanted = MessageFilter(incident_id=found, dropped=False)
        messages = await list_messages(conn, wanted, limit=5) if found else []
        return page(
            request,
            "comms_incident.html",
            principal,
            told=told,
            messages=messages,
            reasons=REASONS,
            may_write=principal.may("comms:write"),
        )


def _actions(router: APIRouter, rules: Rules) -> None:
    @router.post("/comms/incidents/{incident}/publish", name="comms_publish")
    async def publish_incident(
        _: Writer,
        incident: IncidentName,
        uow: RequestUnitOfWork,
        title: Annotated[str, Form(max_length=200)] = "",
        body: Annotated[str, Form(max_length=5000)] = "",
        back: Back = BOARD,
    ) -> Response:
        words = {"title": clean(title).strip() or None, "body": clean(body).strip() or None}
        await publish(uow, incident, rules=rules, **words)
        return RedirectResponse(back, status_code=303)

    @router.post("/comms/incidents/{incident}/hide", name="comms_hide")
    async def hide_incident(
        _: Writer, incident: IncidentName, uow: RequestUnitOfWork, back: Back = BOARD
    ) -> Response:
        await hide(uow, incident)
        return RedirectResponse(back, status_code=303)


async def _names(conn: ReadConnection, told: list[Told]) -> dict[UUID, str]:
    assignees = [each.followed.incident.assignee_id for each in told]
    return await Directory(conn).names([assignee for assignee in assignees if assignee])
