"""`/api/v1/alerts`: what came in, and why it is what it is."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from tocsin_access.dependencies import require
from tocsin_access.principal import Principal
from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.references import IncidentName
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_detector.api.schemas import AlertOut, ExplanationOut, ResolveIn, alert_out, decision_out
from tocsin_detector.domain.alert import Status
from tocsin_detector.domain.severity import Severity
from tocsin_detector.store.decisions import DecisionLog
from tocsin_detector.store.queries import AlertFilter, AlertQueries
from tocsin_detector.usecases.end_alerts import resolve_alert
from tocsin_detector.usecases.find import existing_alert, last_id

router = api_router(prefix="/api/v1/alerts", tags=["alerts"])
MayRead = Annotated[Principal, Depends(require("alerts:read"))]
MayWrite = Annotated[Principal, Depends(require("alerts:write"))]


def alert_filter(
    integration_id: UUID | None = None,
    dedup_key: Annotated[str | None, Query(max_length=500)] = None,
    status: Annotated[list[Status] | None, Query()] = None,
    severity: Annotated[list[Severity] | None, Query()] = None,
    service: Annotated[str | None, Query(max_length=200)] = None,
    service_id: UUID | None = None,
    source: Annotated[str | None, Query(max_length=50)] = None,
    group_key: Annotated[str | None, Query(max_length=600)] = None,
    group_id: UUID | None = None,
    incident_id: IncidentName | None = None,
) -> AlertFilter:
    """The filters of the list; `status` and `severity` may be given more than once."""
    return AlertFilter(
        integration_id=integration_id,
        dedup_key=_text(dedup_key),
        status=tuple(dict.fromkeys(status or ())),
        severity=tuple(dict.fromkeys(severity or ())),
        service=_text(service),
        service_id=service_id,
        source=_text(source),
        group_key=_text(group_key),
        group_id=group_id,
        incident_id=incident_id,
    )


Wanted = Annotated[AlertFilter, Depends(alert_filter)]


@router.get("", name="list_alerts")
async def list_alerts(
    _: MayRead,
    wanted: Wanted,
    query: ListQueryParams,
    conn: ReadConnection,
    request: Request,
    response: Response,
) -> Listing[AlertOut]:
    """Alerts, newest first."""
    found = await AlertQueries(conn).page(wanted, before=last_id(query.after), limit=query.limit + 1)
    shown, cursor = query.cut(found, lambda alert: [str(alert.id)])
    link_next(request, response, cursor)
    return Listing(items=[alert_out(alert) for alert in shown], next=cursor)


@router.get("/{alert_id}", name="get_alert")
async def get_alert(_: MayRead, alert_id: UUID, conn: ReadConnection) -> AlertOut:
    """One alert."""
    return alert_out(await existing_alert(AlertQueries(conn), alert_id))


@router.get("/{alert_id}/explain", name="explain_alert")
async def explain_alert(_: MayRead, alert_id: UUID, conn: ReadConnection) -> ExplanationOut:
    """Every decision about it: by which key, which rule, into which group, and why."""
    alert = await existing_alert(AlertQueries(conn), alert_id)
    decided = await DecisionLog(conn).of_alert(alert_id)
    return ExplanationOut(
        alert_id=alert_id,
        dedup_key=alert.dedup_key,
        group_key=alert.group_key,
        decisions=[decision_out(one) for one in decided],
    )


@router.post("/{alert_id}/resolve", name="resolve_alert")
async def resolve(
    principal: MayWrite, alert_id: UUID, uow: RequestUnitOfWork, body: ResolveIn | None = None
) -> AlertOut:
    """Say that an alert is over, whatever its sender says."""
    note = body.note if body else ""
    return alert_out(await resolve_alert(uow, alert_id, by=principal.name, note=note))


def _text(value: str | None) -> str | None:
    return value.replace("\x00", "") if value is not None else None
