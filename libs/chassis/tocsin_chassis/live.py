"""Live updates for open pages: server-sent events that only name what changed; the page fetches it itself."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Annotated

import orjson
from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from tocsin_access.dependencies import page_viewer
from tocsin_access.principal import Principal

if TYPE_CHECKING:
    from tocsin_chassis.service import Service

KEEP_ALIVE = 15.0
MOST_STREAMS = 500


class LiveHub:
    """The open streams of one replica, and those in the process who listen for a name."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[str | None]] = set()
        self._callbacks: dict[str, list[Callable[[], None]]] = defaultdict(list)
        self._closed = False

    def on(self, name: str, callback: Callable[[], None]) -> None:
        """Call back when `name` is announced by any replica; after a reconnect all are called."""
        self._callbacks[name].append(callback)

    def heard(self, payload: str) -> None:
        """A notification came."""
        names = orjson.loads(payload).get("live", []) if payload else list(self._callbacks)
        for name in names:
            for callback in self._callbacks.get(name, ()):
                callback()
            for queue in self._queues:
                if queue.qsize() < 100:
                    queue.put_nowait(name)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        for queue in self._queues:
            queue.put_nowait(None)

    async def stream(self) -> AsyncIterator[str]:
        """Text of server-sent events until the hub closes."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._queues.add(queue)
        try:
            yield "retry: 2000\n\n"
            while not self._closed:
                try:
                    async with asyncio.timeout(KEEP_ALIVE):
                        name = await queue.get()
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if name is None:
                    return
                yield f"event: {name}\ndata: {{}}\n\n"
        finally:
            self._queues.discard(queue)

    def full(self) -> bool:
        """True when no further stream is taken."""
        return len(self._queues) >= MOST_STREAMS or self._closed


def stream_router(service: "Service") -> APIRouter:
    """`GET /<service>/stream` for whoever is logged in."""
    router = APIRouter(include_in_schema=False)

    @router.get(f"/{service.name}/stream", name="stream")
    async def stream(_: Annotated[Principal, Depends(page_viewer("incidents:read"))]) -> StreamingResponse:
        if service.live.full():
            return StreamingResponse(iter(()), status_code=503, headers={"Retry-After": "5"})
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(service.live.stream(), media_type="text/event-stream", headers=headers)

    return router
