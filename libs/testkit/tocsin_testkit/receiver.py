"""An HTTP server that takes signed webhooks and records each with the time it came: the outside verdict on pages."""

import asyncio
import json
import threading
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass
from time import time
from typing import Any, Self

from aiohttp import web


@dataclass(frozen=True)
class Call:
    """One request: when it came (seconds of the epoch), its idempotency key, its body and its `traceparent`."""

    at: float
    key: str
    body: dict[str, Any]
    trace: str | None = None


class Receiver:
    """Listens on 127.0.0.1 in a thread of its own; use it in a `with`. `status` is what it answers from now on."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.status = 200
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="receiver", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        started: Future[int] = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        self.port = started.result(timeout=5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self.port}/page"

    def keys(self) -> Counter[str]:
        """How often each idempotency key came; more than once is what a provider with such keys would drop."""
        return Counter(call.key for call in list(self.calls))

    async def _listen(self) -> int:
        app = web.Application()
        app.router.add_post("/page", self._take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port: int = runner.addresses[0][1]
        return port

    async def _take(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if self.status == 200:
            key, trace = request.headers.get("webhook-id", ""), request.headers.get("traceparent")
            self.calls.append(Call(time(), key, body, trace))
        return web.Response(status=self.status)
