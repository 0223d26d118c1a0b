"""`/status` and below: what the world reads, straight from memory."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from tocsin_access.dependencies import public
from tocsin_chassis.requests import get_service
from tocsin_chassis.routing import page_router
from tocsin_comms.store.reports import ReportRepository
from tocsin_comms.usecases.published import Published
from tocsin_comms.usecases.render import HTML, File
from tocsin_runtime.errors import Code, Problem
from tocsin_theme.security import page_headers

CACHE = "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400"


def public_router(published: Published) -> APIRouter:
    """The routes; they answer from the published's last rendering, whatever else is down."""
    router = page_router()
    router.dependencies.append(Depends(public("the status page is for the world")))
    methods = ["GET", "HEAD"]

    async def shown(request: Request) -> Response:
        """Any page, feed or document of the site; one trailing slash is forgiven."""
        path = request.url.path.rstrip("/")
        file = await published.file(path)
        if file is None:
            raise _missing(published, path)
        return _answer(request, file)

    async def incident(report_id: str, request: Request) -> Response:
        """One report; one that is too old to be kept in memory is rendered for this reader alone."""
        path, known = f"/status/incidents/{report_id}", _id(report_id)
        file = await published.file(path)
        if file is None and published.rendered and known:
            async with get_service(request).database.read() as conn:
                report = await ReportRepository(conn).public(known)
            file = published.older(report) if report else None
        if file is None:
            raise _missing(published, path)
        return _answer(request, file)

    for path in ("/status", "/status/", "/status/history", "/status/history/", "/status/history.atom"):
        router.add_api_route(path, shown, methods=methods, name=f"status{path}")
    router.add_api_route("/status/history.rss", shown, methods=methods, name="status_rss")
    router.add_api_route("/status/heartbeat.json", shown, methods=methods, name="status_heartbeat")
    router.add_api_route("/status/api/v2/{document:path}", shown, methods=methods, name="status_api")
    router.add_api_route("/status/incidents/{report_id}", incident, methods=methods, name="status_incident")
    return router


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _missing(published: Published, path: str) -> Problem:
    if not published.rendered:
        detail = "The status page is still being rendered. Try again in a moment."
        return Problem(503, Code.UNAVAILABLE, detail, headers={"Retry-After": "2"})
    return Problem(404, Code.NOT_FOUND, f"Nothing is at {path}. The status page is at /status.")


def _answer(request: Request, file: File) -> Response:
    headers = {"etag": file.etag, "cache-control": CACHE, "x-content-type-options": "nosniff"}
    if file.kind == HTML:
        public_url = get_service(request).platform.settings.public_url
        headers |= page_headers(public_url.startswith("https://"))
    if file.etag in _tags(request):
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.kind, headers=headers)


def _tags(request: Request) -> set[str]:
    given = request.headers.get("if-none-match", "")
    return {tag.strip().removeprefix("W/") for tag in given.split(",")}
