"""A served app with a direct road, and a raw connection to it: what counts here is bytes."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import Receive, Scope, Send

from tocsin_runtime.direct import Reply
from tocsin_runtime.serve import TocsinServer, uvicorn_config
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import free_port

DATE = re.compile(rb"date: [^\r]+\r\n")


class Echo:
    """Answers each post with its way and its body, by either road. A body `later` waits until it is released."""

    prefixes: tuple[bytes, ...] = (b"/direct/",)

    def __init__(self) -> None:
        self.direct_road = self
        self.waiting: list[tuple[Reply, bytes]] = []
        self.roads: list[str] = []

    def take(self, scope: Mapping[str, Any], body: bytes, reply: Reply) -> bool:
        if body == b"declined":
            return False
        self.roads.append("direct")
        if body.startswith(b"later"):
            self.waiting.append((reply, body))
        else:
            reply(202, ((b"content-type", b"text/plain"), *_closing(body)), _said(scope, body))
        return True

    def release(self) -> None:
        """Answer the one that has waited longest."""
        reply, body = self.waiting.pop(0)
        reply(202, ((b"content-type", b"text/plain"),), body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.roads.append("asgi")
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        said = _said(scope, body)
        headers = [
            (b"content-type", b"text/plain"),
            *_closing(body),
            (b"content-length", b"%d" % len(said)),
        ]
        await send({"type": "http.response.start", "status": 202, "headers": headers})
        await send({"type": "http.response.body", "body": said})


def _closing(body: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"connection", b"close")] if body == b"closing" else []


def _said(scope: Mapping[str, Any], body: bytes) -> bytes:
    return b"%s %s %s" % (scope["method"].encode(), scope["path"].encode(), body)


@asynccontextmanager
async def served(app: Any, *, rest: int = 75, proxies: str = "") -> AsyncIterator[tuple[TocsinServer, int]]:
    """The server and its port. `rest` is the seconds that a connection may do so between requests."""
    config = uvicorn_config(app, host="127.0.0.1", port=free_port(), trusted_proxies=proxies)
    config.lifespan = "off"
    config.timeout_keep_alive = rest
    server = TocsinServer(config, drain=0)
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started, within=20)
    try:
        yield server, config.port
    finally:
        server.stop()
        await serving


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, *parts: bytes) -> None:
        """In one write."""
        self.writer.write(b"".join(parts))

    async def answer(self) -> bytes:
        """One whole answer, without its date."""
        async with asyncio.timeout(5):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            return DATE.sub(b"", head) + await self.reader.readexactly(int(length[1]) if length else 0)

    async def ended(self) -> bytes:
        """What comes until the server closes."""
        async with asyncio.timeout(5):
            return await self.reader.read()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Wire]:
    """A connection to the server."""
    wire = Wire(*await asyncio.open_connection("127.0.0.1", port))
    try:
        yield wire
    finally:
        wire.writer.close()


def post(body: bytes, path: bytes = b"/direct/a", *headers: bytes, version: bytes = b"1.1") -> bytes:
    """A whole request."""
    lines = [b"POST %s HTTP/%s" % (path, version), b"Host: t", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
