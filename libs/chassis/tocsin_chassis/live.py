"""Live updates for open pages: server-sent events that only name what changed; the page fetches it itself."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import orjson
from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from tocsin_access.dependencies import page_viewer
from tocsin_access.principal import Principal
from tocsin_runtime.clock import monotonic

if TYPE_CHECKING:
    from tocsin_chassis.service import Service

RECENT, MISSED = "tocsin:recent", "tocsin:missed"
KEEP_ALIVE = 15.0
MOST_STREAMS = 500
REMEMBERED = 30.0
MOST_REMEMBERED = 500
MOST_WAITING = 500


class LiveHub:
    """The open streams of one replica, and those in the process who listen for a name."""

    def __init__(self) -> None:
        self._streams: set[_Stream] = set()
        self._callbacks: dict[str, list[Callable[[], None]]] = defaultdict(list)
        self._last_heard: dict[str, float] = {}  # the oldest first
        self._remembers_from = monotonic()
        self._closed = False

    def on(self, name: str, callback: Callable[[], None]) -> None:
        """Call back when `name` is announced by any replica; after a reconnect all are called."""
        self._callbacks[name].append(callback)

    def heard(self, payload: str) -> None:
        """A notification came; an empty one says that others may have been missed."""
        names = orjson.loads(payload).get("live", []) if payload else list(self._callbacks)
        if payload:
            self._remember(names)
        else:
            self._forget()
        for stream in self._streams:
            stream.tell(names if payload else [MISSED])
        for name in names:
            for callback in self._callbacks.get(name, ()):
                callback()

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        for stream in self._streams:
            stream.stirred.set()

    async def stream(self) -> AsyncIterator[str]:
        """Text of server-sent events until the hub closes.

        The first tells what was heard of late, for a page is rendered before its stream is open: milliseconds ago for
        each name, and how far back that goes.
        """
        own = _Stream()
        self._streams.add(own)
        try:
            yield f"retry: 2000\nevent: {RECENT}\ndata: {self._recent()}\n\n"
            while not self._closed:
                if told := await own.news():
                    yield told
        finally:
            self._streams.discard(own)

    def full(self) -> bool:
        """True when no further stream is taken."""
        return len(self._streams) >= MOST_STREAMS or self._closed

    def _remember(self, names: Iterable[str]) -> None:
        now = monotonic()
        for name in names:
            self._last_heard.pop(name, None)
            self._last_heard[name] = now
        while len(self._last_heard) > MOST_REMEMBERED:
            self._remembers_from = self._last_heard.pop(next(iter(self._last_heard)))

    def _forget(self) -> None:
        self._last_heard.clear()
        self._remembers_from = monotonic()

    def _recent(self) -> str:
        now = monotonic()
        ago = {name: 1000 * (now - at) for name, at in self._last_heard.items() if now - at < REMEMBERED}
        back = min(REMEMBERED, now - self._remembers_from)
        return orjson.dumps({"back": 1000 * back, "heard": ago}).decode()


class _Stream:
    """What one open page has not been told yet; a name waits once, however often it is heard."""

    def __init__(self) -> None:
        self.stirred = asyncio.Event()
        self._names: dict[str, None] = {}

    def tell(self, names: Iterable[str]) -> None:
        self._names.update(dict.fromkeys(names))
        if len(self._names) > MOST_WAITING:  # it does not read; all it has to know is that it missed some
            self._names = {MISSED: None}
        if self._names:
            self.stirred.set()

    async def news(self) -> str:
        try:
            async with asyncio.timeout(KEEP_ALIVE):
                await self.stirred.wait()
        except TimeoutError:
            return ": still here\n\n"
        self.stirred.clear()
        names, self._names = self._names, {}
        return "".join(f"event: {name}\ndata: {{}}\n\n" for name in names)


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
