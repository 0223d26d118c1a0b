"""`/alerts` and `/alerts/{id}`: what came in, and the story and the why of each."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from tocsin_access.dependencies import page_viewer
from tocsin_access.principal import Principal
from tocsin_chassis.listing import ListQueryParams
from tocsin_chassis.references import IncidentName
from tocsin_chassis.render import page
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import page_router
from tocsin_detector.domain.explain import details_in_words, reason_in_words
from tocsin_detector.store.decisions import Decided, DecisionLog
from tocsin_detector.store.integrations import IntegrationRepository
from tocsin_detector.store.queries import AlertFilter, AlertQueries, DeliveryQueries
from tocsin_detector.usecases.end_alerts import resolve_alert
from tocsin_detector.usecases.find import existing_alert, last_id
from tocsin_detector.web.asked import asked_by
from tocsin_detector.web.bodies import shown_body
from tocsin_detector.web.snippets import generic_curl
from tocsin_detector.web.state import State

router = page_router()
Reader = Annotated[Principal, Depends(page_viewer("alerts:read"))]
Writer = Annotated[Principal, Depends(page_viewer("alerts:write"))]
SHOWN_WITH_INCIDENT = 8
LOOKS = {
    "first_seen": ("bell-ring", "red"),
    "fires_again": ("bell-ring", "red"),
    "severity_changed": ("trending-up", "orange"),
    "acknowledged_by_incident": ("user-check", "violet"),
    "acknowledged_by_sender": ("user-check", "violet"),
    "acknowledgement_expired": ("hourglass", "amber"),
    "joined_incident": ("siren", "orange"),
    "resolved_by_sender": ("circle-check", "green"),
    "ended_long_ago": ("circle-check", "green"),
    "resolved_by_hand": ("circle-check", "green"),
    "resolved_with_incident": ("circle-check", "green"),
    "not_told_again": ("hourglass", "green"),
}


@router.get("/alerts", name="alerts_page")
async def alerts_page(
    request: Request, viewer: Reader, conn: ReadConnection, query: ListQueryParams, state: State
) -> Response:
    """Alerts, newest first; the filters are in the URL."""
    queries, asked = AlertQueries(conn), asked_by(request)
    found = await queries.page(asked.wanted, before=last_id(query.after), limit=query.limit + 1)
    shown, cursor = query.cut(found, lambda alert: [str(alert.id)])
    return page(
        request,
        "alerts.html",
        viewer,
        alerts=shown,
        asked=asked,
        older=asked.url(cursor) if cursor else None,
        first=asked.url() if query.after else None,
        any_exist=bool(shown) or await queries.any_exist(),
        curl=generic_curl(state.public_url, "YOUR_KEY"),
    )


@router.get("/alerts/fragments/incident", name="incident_alerts_fragment")
async def incident_alerts(
    request: Request, viewer: Reader, conn: ReadConnection, incident_id: IncidentName
) -> Response:
    """The newest alerts of an incident, for the incident's own page."""
    wanted = AlertFilter(incident_id=incident_id)
    found = await AlertQueries(conn).page(wanted, before=None, limit=SHOWN_WITH_INCIDENT + 1)
    return page(
        request,
        "fragments/incident_alerts.html",
        viewer,
        alerts=found[:SHOWN_WITH_INCIDENT],
        more=len(found) > SHOWN_WITH_INCIDENT,
        incident_id=incident_id,
    )


@router.get("/alerts/{alert_id}", name="alert_page")
async def alert_page(request: Request, viewer: Reader, conn: ReadConnection, alert_id: UUID) -> Response:
    """One alert: its state, then its story, then why, then what was sent."""
    alert = await existing_alert(AlertQueries(conn), alert_id)
    decided = await DecisionLog(conn).of_alert(alert_id)
    integration = (await IntegrationRepository(conn).with_ids([alert.integration_id])).get(
        alert.integration_id
    )
    latest = next((one.delivery_id for one in reversed(decided) if one.delivery_id is not None), None)
    body = await DeliveryQueries(conn).body(latest) if latest is not None else None
    return page(
        request,
        "alert.html",
        viewer,
        alert=alert,
        integration=integration,
        story=story_of(decided),
        why=details_in_words(_opening(decided)),
        incident=next(
            (d.details.get("number") for d in reversed(decided) if d.reason == "joined_incident"), None
        ),
        delivery_id=latest,
        body=shown_body(body),
        may_resolve=viewer.may("alerts:write") and alert.is_open,
    )


@router.post("/alerts/{alert_id}/resolve", name="resolve_alert_form")
async def resolve_form(
    viewer: Writer, uow: RequestUnitOfWork, alert_id: UUID, note: Annotated[str, Form(max_length=2_000)] = ""
) -> Response:
    """Say that it is over."""
    await resolve_alert(uow, alert_id, by=viewer.name, note=note)
    return RedirectResponse(f"/alerts/{alert_id}", 303)


def story_of(decided: Sequence[Decided]) -> list[dict[str, object]]:
    """The decisions as a timeline; repeats in a row that changed nothing are one entry."""
    story: list[dict[str, object]] = []
    repeats = 0
    for one in decided:
        repeats = repeats + 1 if one.reason == "told_again" else 0
        if repeats > 1:
            story.pop()
        icon, tone = LOOKS.get(one.reason, ("repeat", "neutral"))
        many = f" This happened {repeats} times in a row." if repeats > 1 else ""
        story.append(
            {
                "at": one.decided_at,
                "icon": icon,
                "tone": tone,
                "title": reason_in_words(one.reason) + many,
                "actor": one.details.get("by") or "",
                "note": one.details.get("note") or "",
                "delivery_id": one.delivery_id,
            }
        )
    return story


def _opening(decided: Sequence[Decided]) -> dict[str, object]:
    return next((dict(one.details) for one in decided if one.verb == "open"), {})
