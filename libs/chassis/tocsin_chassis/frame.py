"""What holds for every request before a route sees it.

No body grows beyond a size, HEAD is GET without a body, and a slash at the end of a path changes nothing: a redirect
would go where the Host header says, and some callers would leave the body of their POST behind.
"""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 4 * 1024 * 1024
"""In bytes. FastAPI reads a body before it asks who sends it; alerts have a limit and a road of their own."""


class Frame:
    """Middleware around a service's routes. Streams, which never end, are left out of HEAD."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http":
            scope = {**scope, "path": _plain(scope["path"])}
            receive = _bounded(receive, declared=dict(scope["headers"]).get(b"content-length", b""))
            if scope["method"] == "HEAD" and not scope["path"].endswith("/stream"):
                scope, send = {**scope, "method": "GET"}, _without_body(send)
        await self._app(scope, receive, send)


def _plain(path: str) -> str:
    return path[:-1] if len(path) > 1 and path.endswith("/") else path


def _bounded(receive: Receive, *, declared: bytes) -> Receive:
    seen = 0

    async def take() -> Message:
        nonlocal seen
        if declared.isdigit() and int(declared[:18]) > LARGEST_BODY:
            raise _too_large()
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LARGEST_BODY:
            raise _too_large()
        return message

    return take


def _without_body(send: Send) -> Send:
    async def give(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return give


def _too_large() -> HTTPException:
    return HTTPException(413, f"A body may have {LARGEST_BODY} bytes.", headers={"connection": "close"})
