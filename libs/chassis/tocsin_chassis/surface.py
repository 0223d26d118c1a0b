"""What every service answers beside its own routes: health, metrics, theme files and its own static files."""

from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import JSONResponse, RedirectResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.staticfiles import StaticFiles

from tocsin_access.dependencies import public
from tocsin_access.routes import declared
from tocsin_chassis.health import is_ready, state_of
from tocsin_theme.files import theme_files

if TYPE_CHECKING:
    from tocsin_chassis.service import Service

THEME_PATH, HOME = "/_/theme", "/incidents"


def plain_router(service: "Service") -> APIRouter:
    """/livez, /readyz and /metrics on the service's own port, and `/`, which an Ingress cannot redirect itself."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(public("says nothing of anybody"))])

    @router.get("/", name="home")
    async def home() -> Response:
        return RedirectResponse(HOME)

    @router.get("/livez", name="livez")
    async def livez() -> Response:
        return JSONResponse({"status": "ok", "service": service.name})

    @router.get("/readyz", name="readyz")
    async def readyz() -> Response:
        return await readiness(service)

    @router.get("/metrics", name="metrics")
    async def metrics() -> Response:
        return Response(generate_latest(service.registry), media_type=CONTENT_TYPE_LATEST)

    return router


async def readiness(service: "Service") -> Response:
    """200 when all needed checks pass, else 503; the body names each check."""
    checks = await service.health.checks()
    ready = is_ready(checks)
    body = {
        "status": state_of(checks),
        "service": service.name,
        "checks": {c.name: {"ok": c.ok, "needed": c.needed, "detail": c.detail} for c in checks},
    }
    return JSONResponse(body, status_code=200 if ready else 503, headers={"Cache-Control": "no-store"})


def mount_files(app: FastAPI, service: "Service") -> None:
    """The theme under /_/theme, the service's own files under /<service>/static."""
    app.mount(THEME_PATH, declared(theme_files(), "public: files of the theme"), name="theme")
    if service.static.is_dir():
        files = declared(StaticFiles(directory=service.static), "public: files of the service")
        app.mount(f"/{service.name}/static", files, name="static")
