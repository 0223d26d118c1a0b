"""uvicorn as every Tocsin server runs it, with a stop in the right order (R33)."""

import asyncio
import gc
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from tocsin_runtime.clock import until_beat
from tocsin_runtime.direct import DirectProtocol
from tocsin_runtime.hard_stop import HARD_STOP

LAST_ANSWERS = 5
"""Seconds that requests under way have once the drain is over."""
LOOK_EVERY = 1.0
COLLECT_EVERY = (3_000, 10, 20)
"""New objects per round of the collector. Python's 700 are fewer than what is under way at any moment in a storm."""


class TocsinServer(uvicorn.Server):
    """On SIGTERM: say so to health checks and open streams, wait `drain` seconds, then stop."""

    def __init__(self, config: uvicorn.Config, *, drain: float) -> None:
        super().__init__(config)
        self._drain = drain
        self._callbacks: list[Callable[[], None]] = []
        self._stopping = False
        self._listening = asyncio.Event()
        self._ending = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen. What was built until now stays: the collector need not look at it again and again."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECT_EVERY)
        gc.enable()
        self._listening.set()

    async def main_loop(self) -> None:
        """uvicorn looks ten times a second whether it is to end; here it is told, and looks once, for its date."""
        while not await self.on_tick(0):
            try:
                async with asyncio.timeout(until_beat(LOOK_EVERY)):
                    await self._ending.wait()
            except TimeoutError:
                continue

    async def has_started(self) -> None:
        """Return once it listens."""
        await self._listening.wait()

    def before_drain(self, callback: Callable[[], None]) -> None:
        """Call this when the signal comes."""
        self._callbacks.append(callback)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal begins the stop; the second one ends it. One that hangs ends all the same."""
        HARD_STOP.begin()
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
        self._ending.set()

    def stop(self) -> None:
        """Stop as SIGTERM would."""
        self.handle_exit(signal.SIGTERM, None)


def uvicorn_config(app: Any, *, host: str, port: int, trusted_proxies: str = "") -> uvicorn.Config:
    """Settings that every Tocsin server shares. Nobody's word but a trusted proxy's is taken for who calls (S36).

    An app with a `direct_road` answers the posts that this road takes past ASGI.
    """
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=DirectProtocol,
        loop="uvloop",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=LAST_ANSWERS,
        ws="none",
    )
