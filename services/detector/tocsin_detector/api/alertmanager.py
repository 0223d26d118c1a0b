"""What reads in Alertmanager's API v2, so that amtool and other clients are content. The key is an integration's."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import Annotated, Any, Final, cast

from fastapi import Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse

from tocsin_access.dependencies import public
from tocsin_chassis.requests import ReadConnection, get_service
from tocsin_chassis.routing import api_router
from tocsin_chassis.surface import readiness
from tocsin_detector.api.senders import key_of
from tocsin_detector.api.state import State
from tocsin_detector.domain.alert import Alert, Status
from tocsin_detector.domain.integration import Integration, Source
from tocsin_detector.domain.matchers import Comparison, Matcher, read_matcher
from tocsin_detector.store.patterns import BadPattern, matches
from tocsin_detector.store.queries import AlertFilter, AlertQueries
from tocsin_runtime.errors import Code, Problem

RECEIVER: Final = "tocsin"
SPOKEN: Final = "0.25.0"
"""The release of Alertmanager that the tests compare with; its API v2 has only grown since. amtool says when its own
version is another one, whatever stands here, and does what it is asked all the same."""
MOST_ALERTS = 1_000
_OPEN = (Status.FIRING, Status.ACKNOWLEDGED)
_NEVER = "9999-12-31T23:59:59.000Z"
_GROUPED_BY = ("service", "alertname")
_NO_SILENCES = (
    "Tocsin cannot keep silences yet. To stop an alert's pages, acknowledge its incident, on its page or by POST"
    " /api/v1/incidents/{id}/acknowledge. To keep alerts away, silence them in the Alertmanager that sends them, or"
    " mute their rule."
)
Text = Annotated[str, Query(max_length=1_000)]
Endpoint = Callable[..., Awaitable[Any]]
router = api_router(prefix="/alertmanager", tags=["alertmanager"])


async def key_in_header(request: Request, state: State) -> None:
    """Whose key the headers show. Raises a Problem with 401 or 403."""
    request.state.sender = await _sender(state, key_of(dict(request.scope["headers"])))


async def key_in_path(request: Request, state: State, key: str) -> None:
    """Whose key stands in the path. Raises a Problem with 401 or 403."""
    request.state.sender = await _sender(state, key)


async def _sender(state: State, key: str) -> Integration:
    integration = await state.keyring.find(key)
    if integration is None:
        raise Problem(
            401,
            Code.NO_VALID_KEY,
            "Send the integration's key as a bearer token, or as the password of HTTP Basic.",
        )
    if integration.source is not Source.ALERTMANAGER:
        raise Problem(
            403, Code.KEY_OF_ANOTHER_SOURCE, "Use the key of an integration with source alertmanager."
        )
    return integration


def _shown_sender(request: Request) -> Integration:
    return cast(Integration, request.state.sender)


Sender = Annotated[Integration, Depends(_shown_sender)]


def at(path: str, name: str, *methods: str) -> Callable[[Endpoint], Endpoint]:
    """Serve the path twice: for a key in the headers, and for one in the path."""
    rule = Depends(public("carries the integration's own key"))

    def served(endpoint: Endpoint) -> Endpoint:
        for prefix, suffix, authentication in (
            ("", "", key_in_header),
            ("/k/{key}", "_by_key", key_in_path),
        ):
            router.add_api_route(
                prefix + path,
                endpoint,
                name=f"alertmanager_{name}{suffix}",
                methods=list(methods or ("GET",)),
                dependencies=[rule, Depends(authentication)],
            )
        return endpoint

    return served


def probe(name: str) -> Callable[[Endpoint], Endpoint]:
    """Serve `/-/{name}` to whoever asks, with a key in the path or without: it is not looked at."""
    rule = Depends(public("says nothing of anybody"))

    def served(endpoint: Endpoint) -> Endpoint:
        for path in (f"/-/{name}", f"/k/{{key}}/-/{name}"):
            for method in ("GET", "HEAD"):
                router.add_api_route(
                    path,
                    endpoint,
                    name=f"alertmanager_{name}_{method.lower()}",
                    methods=[method],
                    dependencies=[rule],
                    include_in_schema=False,
                )
        return endpoint

    return served


@at("/api/v2/status", "status")
async def status(sender: Sender) -> dict[str, Any]:
    """What amtool asks for. There is no cluster, and no configuration file."""
    since = sender.created_at.isoformat()
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
            "version": SPOKEN,
        },
    }


@at("/api/v2/receivers", "receivers")
async def receivers(_: Sender) -> list[dict[str, str]]:
    """The one receiver of all alerts."""
    return [{"name": RECEIVER}]


@at("/api/v2/silences", "silences")
async def silences(_: Sender) -> list[Any]:
    """There are none."""
    return []


@at("/api/v2/silences", "add_silence", "POST")
async def add_silence(_: Sender) -> None:
    """Refused, with what to do instead."""
    raise Problem(400, Code.BAD_REQUEST, _NO_SILENCES)


@at("/api/v2/silence/{silence_id}", "silence", "GET")
@at("/api/v2/silence/{silence_id}", "expire_silence", "DELETE")
async def silence(_: Sender, silence_id: str) -> None:
    """There is none."""
    raise Problem(404, Code.NOT_FOUND, f"There is no silence {silence_id[:100]}. {_NO_SILENCES}")


async def alert_filter(
    sender: Sender,
    conn: ReadConnection,
    matchers: Annotated[list[Text] | None, Query(alias="filter", max_length=20)] = None,
    receiver: Text | None = None,
    active: bool = True,
) -> AlertFilter | None:
    """What is asked for; None when nothing can match. All open alerts are active: none is silenced or inhibited."""
    try:
        read = [read_matcher(one.replace("\x00", "")) for one in matchers or []]
        await _check(conn, read)
        is_ours = receiver is None or await matches(conn, RECEIVER, receiver.replace("\x00", ""))
    except (ValueError, BadPattern) as error:
        raise Problem(400, Code.BAD_FILTER, str(error)) from error
    wanted = AlertFilter(integration_id=sender.id, status=_OPEN, matchers=read)
    return wanted if active and is_ours else None


Wanted = Annotated[AlertFilter | None, Depends(alert_filter)]


@at("/api/v2/alerts", "alerts")
async def list_open(wanted: Wanted, conn: ReadConnection) -> list[dict[str, Any]]:
    """The integration's open alerts, newest first, at most 1,000."""
    return [_shown(alert) for alert in await _found(conn, wanted)]


@at("/api/v2/alerts/groups", "alert_groups")
async def list_groups(sender: Sender, wanted: Wanted, conn: ReadConnection) -> list[dict[str, Any]]:
    """The same alerts by their groups, each with the labels that it is grouped by and its alerts agree on."""
    alerts = sorted(await _found(conn, wanted), key=lambda alert: alert.group_id)
    names = sender.grouping.by or _GROUPED_BY
    grouped = [list(group) for _, group in groupby(alerts, key=lambda alert: alert.group_id)]
    return [
        {
            "labels": _agreed(names, group),
            "receiver": {"name": RECEIVER},
            "alerts": [_shown(alert) for alert in group],
        }
        for group in grouped
    ]


@probe("healthy")
async def healthy() -> Response:
    """The process runs."""
    return PlainTextResponse("OK")


@probe("ready")
async def ready(request: Request) -> Response:
    """Alerts can be taken now; else 503."""
    is_ready = (await readiness(get_service(request))).status_code == 200
    return PlainTextResponse("OK" if is_ready else "Not ready", status_code=200 if is_ready else 503)


async def _found(conn: ReadConnection, wanted: AlertFilter | None) -> list[Alert]:
    return [] if wanted is None else await AlertQueries(conn).page(wanted, before=None, limit=MOST_ALERTS)


async def _check(conn: ReadConnection, read: Sequence[Matcher]) -> None:
    for matcher in read:
        if matcher.comparison in (Comparison.MATCHES, Comparison.MATCHES_NOT):
            await matches(conn, "", matcher.value)


def _agreed(names: Sequence[str], group: Sequence[Alert]) -> dict[str, str]:
    first, *others = [{**alert.labels, **_service_of(alert)} for alert in group]
    return {
        name: first[name]
        for name in names
        if first.get(name) and all(other.get(name) == first[name] for other in others)
    }


def _service_of(alert: Alert) -> dict[str, str]:
    return {"service": alert.service} if alert.service else {}


def _shown(alert: Alert) -> dict[str, Any]:
    return {
        "annotations": dict(alert.annotations),
        "labels": dict(alert.labels),
        "startsAt": alert.started_at.isoformat(),
        "endsAt": alert.expires_at.isoformat() if alert.expires_at else _NEVER,
        "updatedAt": alert.last_received_at.isoformat(),
        "fingerprint": alert.dedup_key,
        "generatorURL": alert.url or "",
        "receivers": [{"name": RECEIVER}],
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
    }
