"""uvicorn with deadlines for requests that do not arrive, and a stop in the right order (R5, R33)."""

import asyncio
import signal
import socket
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any, ClassVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_DEADLINE = 5.0
BODY_DEADLINE = 10.0
HALF_OPEN_AFTER = 1.0
MOST_INCOMPLETE_PER_PEER = 50
HARD_STOP = 10


class DeadlineProtocol(HttpToolsProtocol):
    """Closes a connection whose header takes 5 s or whose body takes 10 s, and the 51st half-open one of a peer.

    A request counts as half-open after a second, so that many honest connections of one peer may begin at once.
    """

    incomplete: ClassVar[Counter[str]] = Counter()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A peer connected; its header is due."""
        super().connection_made(transport)
        self._peer = str((transport.get_extra_info("peername") or ("local",))[0])
        self._timer: asyncio.TimerHandle | None = None
        self._counted = False
        self._waits(HEADER_DEADLINE)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._complete()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request line began to come."""
        self._waits(HEADER_DEADLINE)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The header is here; the body is due."""
        self._waits(BODY_DEADLINE)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The whole request is here."""
        self._complete()
        super().on_message_complete()

    def _waits(self, seconds: float) -> None:
        """Set the deadline. One timer serves the whole request, as setting timers is what costs here."""
        self._due = self.loop.time() + seconds
        if self._timer is None:
            self._timer = self.loop.call_later(HALF_OPEN_AFTER, self._still_incomplete)

    def _still_incomplete(self) -> None:
        if not self._counted:
            self._counted = True
            self.incomplete[self._peer] += 1
        left = self._due - self.loop.time()
        if left > 0 and self.incomplete[self._peer] <= MOST_INCOMPLETE_PER_PEER:
            self._timer = self.loop.call_later(left, self._still_incomplete)
            return
        self._complete()
        if not self.transport.is_closing():
            self.transport.abort()

    def _complete(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._counted:
            self._counted = False
            self.incomplete[self._peer] -= 1
            if self.incomplete[self._peer] <= 0:
                del self.incomplete[self._peer]


class TocsinServer(uvicorn.Server):
    """On SIGTERM: say so to health checks and open streams, wait `drain` seconds, then stop."""

    def __init__(self, config: uvicorn.Config, *, drain: float) -> None:
        super().__init__(config)
        self._drain = drain
        self._callbacks: list[Callable[[], None]] = []
        self._stopping = False
        self._listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        await super().startup(sockets)
        self._listening.set()

    async def has_started(self) -> None:
        """Return once it listens."""
        await self._listening.wait()

    def before_drain(self, callback: Callable[[], None]) -> None:
        """Call this when the signal comes."""
        self._callbacks.append(callback)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal begins the stop; the second one ends it."""
        if self._stopping or self._drain == 0:
            for callback in () if self._stopping else self._callbacks:
                callback()
            self._stopping = True
            self._exit(sig, frame)
            return
        self._stopping = True
        for callback in self._callbacks:
            callback()
        asyncio.get_running_loop().call_later(self._drain, lambda: self._exit(sig, frame))

    def _exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        # uvicorn raises captured signals again when it has stopped, which would end the process before whatever
        # else it runs (PostgreSQL, the bus) is closed.
        self._captured_signals.clear()

    def stop(self) -> None:
        """Stop as SIGTERM would."""
        self.handle_exit(signal.SIGTERM, None)


def uvicorn_config(app: Any, *, host: str, port: int, trusted_proxies: str = "") -> uvicorn.Config:
    """Settings that every Tocsin server shares. Nobody's word but a trusted proxy's is taken for who calls (S36)."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=DeadlineProtocol,
        loop="uvloop",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=HARD_STOP,
        ws="none",
    )
