"""Deadlines for requests that do not arrive, and a bound on how many of them one peer may have (R5)."""

import asyncio
from collections import Counter
from functools import lru_cache
from typing import Any, ClassVar

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_DEADLINE = 5.0
BODY_DEADLINE = 10.0
HALF_OPEN_AFTER = 1.0
MOST_INCOMPLETE_PER_PEER = 50


class DeadlineProtocol(HttpToolsProtocol):
    """Closes a connection whose header takes 5 s or whose body takes 10 s, and the 51st half-open one of a peer.

    A request counts as half-open after a second, so that many honest connections of one peer may begin at once. A
    trusted proxy may have any number: all its senders share its address.
    """

    incomplete: ClassVar[Counter[str]] = Counter()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A peer connected; its header is due."""
        super().connection_made(transport)
        self._peer = str((transport.get_extra_info("peername") or ("local",))[0])
        self._for_many = _is_trusted(self._peer, str(self.config.forwarded_allow_ips))
        self._timer: asyncio.TimerHandle | None = None
        self._counted = False
        self._idle_since: float | None = None
        self._waits(HEADER_DEADLINE)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._complete()
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def data_received(self, data: bytes) -> None:
        """Bytes came. Only what they leave incomplete gets a timer: most requests come whole, and timers cost."""
        super().data_received(data)
        if self._due and self._timer is None:
            self._watch()

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

    def on_response_complete(self) -> None:
        """An answer is out. One timer of the connection watches its rest between requests, and none for each answer."""
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._rest(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if nothing has come for as long as it may rest."""
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return  # a request is under way; its end begins another rest
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._rest(left)
        else:
            super().timeout_keep_alive_handler()

    def _unset_keepalive_if_required(self) -> None:
        """Uvicorn's word for: it rests no more."""
        self._idle_since = None

    def _rest(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _waits(self, seconds: float) -> None:
        self._due = self.loop.time() + seconds

    def _watch(self) -> None:
        """Begin to look at the deadline. One timer serves the whole request."""
        self._timer = self.loop.call_later(HALF_OPEN_AFTER, self._still_incomplete)

    def _still_incomplete(self) -> None:
        if not self._counted:
            self._counted = True
            self.incomplete[self._peer] += 1
        left = self._due - self.loop.time()
        many = self.incomplete[self._peer] > MOST_INCOMPLETE_PER_PEER and not self._for_many
        if left > 0 and not many:
            self._timer = self.loop.call_later(left, self._still_incomplete)
            return
        self._complete()
        if not self.transport.is_closing():
            self.transport.abort()

    def _complete(self) -> None:
        self._due = 0.0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._counted:
            self._counted = False
            self.incomplete[self._peer] -= 1
            if self.incomplete[self._peer] <= 0:
                del self.incomplete[self._peer]


def _is_trusted(peer: str, proxies: str) -> bool:
    return bool(proxies) and peer in _reading(proxies).trusted_hosts


@lru_cache(maxsize=8)
def _reading(proxies: str) -> ProxyHeadersMiddleware:
    """Uvicorn's own reading of addresses and networks."""
    return ProxyHeadersMiddleware(_no_app, trusted_hosts=proxies)


async def _no_app(*_: Any) -> None:
    """Never called: only what the middleware makes of its setting is wanted."""
