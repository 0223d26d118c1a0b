"""Serving the theme's files, the same from each service."""

from gzip import compress
from mimetypes import guess_type

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin_theme.assets import PREFIX, UnknownAsset, content, digest

FOREVER = "public, max-age=31536000, immutable"
SHORTLY = "public, max-age=300"
_TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".css": "text/css"}
_TEXT = ("text/", "image/svg")


class _ThemeFiles:
    def __init__(self) -> None:
        self._compressed: dict[str, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        name = scope["path"].removeprefix(PREFIX).strip("/")
        await self._answer(request, name)(scope, receive, send)

    def _answer(self, request: Request, name: str) -> Response:
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("Only GET", status_code=405, headers={"allow": "GET, HEAD"})
        try:
            body = content(name)
        except UnknownAsset:
            return PlainTextResponse("No such theme file", status_code=404)
        kind = _media_type(name)
        headers = {"etag": f'"{digest(name)}"', "cache-control": _lifetime(request, name)}
        headers["x-content-type-options"] = "nosniff"
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        if kind.startswith(_TEXT):
            headers["vary"] = "accept-encoding"
            if "gzip" in request.headers.get("accept-encoding", ""):
                headers["content-encoding"] = "gzip"
                body = self._gzip(name, body)
        return Response(body, media_type=kind, headers=headers)

    def _gzip(self, name: str, body: bytes) -> bytes:
        if name not in self._compressed:
            self._compressed[name] = compress(body, mtime=0)
        return self._compressed[name]


def _lifetime(request: Request, name: str) -> str:
    """Vendored files carry their version in the name; the others are for ever only under the right digest."""
    exact = name.startswith("vendor/") or request.query_params.get("v") == digest(name)
    return FOREVER if exact else SHORTLY


def _media_type(name: str) -> str:
    suffix = name[name.rfind(".") :]
    return _TYPES.get(suffix) or guess_type(name)[0] or "application/octet-stream"


def theme_files() -> ASGIApp:
    """An ASGI app for `app.mount("/_/theme", theme_files())`: long cache, ETag, gzip; 404 for what the theme lacks."""
    return _ThemeFiles()
