"""What reads in Alertmanager's API v2, so that amtool and Prometheus are content. The key is an integration's."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request

from tocsin_access.dependencies import public
from tocsin_chassis.requests import ReadConnection
from tocsin_chassis.routing import api_router
from tocsin_detector.api.senders import key_of
from tocsin_detector.api.state import State
from tocsin_detector.domain.alert import Alert, Status
from tocsin_detector.domain.integration import Integration, Source
from tocsin_detector.domain.matchers import Matcher, read_matcher
from tocsin_detector.store.queries import AlertFilter, AlertQueries
from tocsin_runtime.errors import Problem

router = api_router(prefix="/alertmanager", tags=["alertmanager"])
KEYED = [Depends(public("carries the integration's own key"))]
MOST_ALERTS = 1_000
_OPEN = (Status.FIRING, Status.ACKNOWLEDGED)
Text = Annotated[str, Query(max_length=1_000)]
_NEVER = "9999-12-31T23:59:59.000Z"


@router.get("/api/v2/status", name="alertmanager_status", dependencies=KEYED)
@router.get("/k/{key}/api/v2/status", name="alertmanager_status_by_key", dependencies=KEYED)
async def status(request: Request, state: State, key: str = "") -> dict[str, Any]:
    """What amtool asks for. There is no cluster, and no configuration file."""
    integration = await _authenticated(request, state, key)
    since = integration.created_at.isoformat()
    return {
        "cluster": {"status": "disabled", "peers": []},
        "config": {"original": "# Tocsin keeps its configuration in its own API: tocsin export"},
        "uptime": since,
        "versionInfo": {
            "branch": "tocsin",
            "buildDate": since,
            "buildUser": "tocsin",
            "goVersion": "none",
            "revision": "tocsin",
            "version": "0.28.0",
        },
    }


@router.get("/api/v2/alerts", name="alertmanager_alerts", dependencies=KEYED)
@router.get("/k/{key}/api/v2/alerts", name="alertmanager_alerts_by_key", dependencies=KEYED)
async def list_open(
    request: Request,
    state: State,
    conn: ReadConnection,
    key: str = "",
    matchers: Annotated[list[Text] | None, Query(alias="filter", max_length=20)] = None,
    active: bool = True,
) -> list[dict[str, Any]]:
    """The integration's open alerts, newest first, at most 1,000. All are active: none is silenced or inhibited."""
    integration = await _authenticated(request, state, key)
    wanted = AlertFilter(integration_id=integration.id, status=_OPEN, matchers=_matchers(matchers or []))
    if not active:
        return []
    return [_shown(alert) for alert in await AlertQueries(conn).page(wanted, before=None, limit=MOST_ALERTS)]


def _matchers(written: list[str]) -> list[Matcher]:
    try:
        return [read_matcher(one.replace("\x00", "")) for one in written]
    except ValueError as error:
        raise Problem(400, "Bad matcher", str(error)) from error


async def _authenticated(request: Request, state: State, key: str) -> Integration:
    integration = await state.keyring.find(key or key_of(dict(request.scope["headers"])))
    if integration is None:
        raise Problem(
            401, "No valid key", "Send the integration's key as bearer token, or as basic password."
        )
    if integration.source is not Source.ALERTMANAGER:
        raise Problem(403, "Key of another source", "Use the key of an integration with source alertmanager.")
    return integration


def _shown(alert: Alert) -> dict[str, Any]:
    return {
        "annotations": dict(alert.annotations),
        "labels": dict(alert.labels),
        "startsAt": alert.started_at.isoformat(),
        "endsAt": alert.expires_at.isoformat() if alert.expires_at else _NEVER,
        "updatedAt": alert.last_received_at.isoformat(),
        "fingerprint": alert.dedup_key,
        "generatorURL": alert.url or "",
        "receivers": [{"name": "tocsin"}],
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
    }
