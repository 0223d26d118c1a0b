"""Five unchanged service apps in one process; the table of paths picks the owner."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse, RedirectResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.paths import HOME, NOBODY, owner
from tocsin_access.access import AskOwner, Grant, find_grant
from tocsin_chassis.health import Check, is_ready, state_of
from tocsin_chassis.intake import as_record, take_ahead, take_directly
from tocsin_chassis.platform import Courier
from tocsin_events.envelope import Envelope
from tocsin_runtime.direct import DirectRoad, OffersDirectRoad
from tocsin_runtime.errors import PROBLEM_JSON, Code, Problem

STRANGERS = "incidents"
"""Who says that nothing is at a path, in JSON, or on a page to a browser."""


def compose(apps: Mapping[str, FastAPI], extra: Mapping[str, ASGIApp]) -> Starlette:
    """One app of five. `extra` are the host's own, by path prefix, such as the mailbox of `tocsin up`."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as running:  # Starlette does not start the apps below a mount
            for app in apps.values():
                await running.enter_async_context(app.router.lifespan_context(app))
            yield

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        app = _choose(apps, extra, path=scope["path"])
        await app({**scope, "root_path": ""}, receive, send)

    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        return await _readiness(apps)

    async def metrics(_: Request) -> Response:
        text = b"".join(generate_latest(app.state.service.registry) for app in apps.values())
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    own = {"/livez": livez, "/readyz": readyz, "/metrics": metrics}
    routes = [
        Route("/", lambda _: RedirectResponse(HOME)),
        *(Route(path + slash, answer) for path, answer in own.items() for slash in ("", "/")),
        Mount("", app=dispatch),
    ]
    app = Composed(routes=routes, lifespan=lifespan)
    for service in apps.values():
        if isinstance(service, OffersDirectRoad):
            app.direct_road = service.direct_road
    return app


class Composed(Starlette):
    """The one app. Its direct road is the detector's, the only service that has one."""

    direct_road: DirectRoad


def direct_couriers(apps: Mapping[str, FastAPI]) -> dict[str, Courier]:
    """The way past the bus inside one process. `apps` may be filled after this is called."""

    def courier(target: str) -> Courier:
        async def bring(envelopes: object) -> None:
            records = [as_record(envelope) for envelope in envelopes]  # type: ignore[attr-defined]
            await take_directly(apps[target].state.service, records)

        return bring

    return {name: courier(name) for name in ("incidents", "paging")}


def direct_heralds(apps: Mapping[str, FastAPI]) -> dict[str, Courier]:
    """The way ahead of the bus inside one process. `apps` may be filled after this is called."""

    async def tell_paging(envelopes: Sequence[Envelope]) -> None:
        await take_ahead(apps["paging"].state.service, envelopes)

    return {"paging": tell_paging}


def token_owner(apps: Mapping[str, FastAPI]) -> AskOwner:
    """How a service asks paging about a token inside one process. `apps` may be filled after this is called."""

    async def ask(digest: str) -> Grant | None:
        async with apps["paging"].state.service.database.read() as conn:
            return await find_grant(conn, digest)

    return ask


async def _readiness(apps: Mapping[str, FastAPI]) -> Response:
    services: dict[str, object] = {}
    found: list[Check] = []
    for name, app in apps.items():
        checks = await app.state.service.health.checks()
        found += checks
        services[name] = {
            "ready": is_ready(checks),
            "checks": {c.name: {"ok": c.ok, "needed": c.needed, "detail": c.detail} for c in checks},
        }
    body = {"status": state_of(found), "services": services}
    return JSONResponse(
        body, status_code=200 if is_ready(found) else 503, headers={"Cache-Control": "no-store"}
    )


def _choose(apps: Mapping[str, FastAPI], extra: Mapping[str, ASGIApp], *, path: str) -> ASGIApp:
    found = owner(path)
    if found == NOBODY:
        return _hidden(path)
    own = (app for prefix, app in extra.items() if path == prefix or path.startswith(prefix + "/"))
    return apps[found] if found else next(own, apps[STRANGERS])


def _hidden(path: str) -> ASGIApp:
    problem = Problem(404, Code.NOT_FOUND, "This path is for services among themselves.")
    return JSONResponse(problem.body(instance=path), status_code=404, media_type=PROBLEM_JSON)
