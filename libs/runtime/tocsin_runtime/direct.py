"""A road past ASGI: an app may answer posts that came whole, without a task, a scope's way and messages for each.

ASGI costs more than half of accepting an alert (docs/decisions/0015). Only the plainest of requests go this way, and
the app may decline each; whatever is not plain goes to the app as if this file did not exist.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.server import ServerState

from tocsin_runtime.deadlines import DeadlineProtocol

Headers = tuple[tuple[bytes, bytes], ...]
Reply = Callable[[int, Headers, bytes], None]
"""Status, headers but for content-length, body."""


class DirectRoad(Protocol):
    """What an app answers by itself."""

    prefixes: tuple[bytes, ...]
    """Only posts to paths that begin so are offered."""

    def take(self, scope: Mapping[str, Any], body: bytes, reply: Reply) -> bool:
        """Whether it is answered here: `reply` is then called once, now or later, else never. Never raises.

        The scope is ASGI's, with path, method, headers and an empty query string.
        """
        ...


@runtime_checkable
class OffersDirectRoad(Protocol):
    """An ASGI app that has one."""

    direct_road: DirectRoad


class DirectProtocol(DeadlineProtocol):
    """Offers each request to the app's direct road that came whole in one read, after all before it were answered.

    What is pipelined behind it waits for its answer as uvicorn's own requests do.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._road = config.app.direct_road if isinstance(config.app, OffersDirectRoad) else None
        if config.access_log or self.limit_concurrency is not None:
            self._road = None
        self._held: list[bytes] | None = None

    def data_received(self, data: bytes) -> None:
        """Bytes came. A request of which they hold a part only goes to the app."""
        super().data_received(data)
        if self._held is not None:
            held, self._held = self._held, None
            if not self.transport.is_closing():
                self._give_to_app(held)

    def on_headers_complete(self) -> None:
        """Hold the request back while the direct road may take it."""
        if self._road is not None and self._is_plain(self._road.prefixes):
            self._held = []
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self._held is not None:
            self._held.append(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """It is whole: the direct road takes it, or else the app."""
        held, self._held = self._held, None
        if held is not None:
            if self._taken(held):
                self._complete()
                return
            self._give_to_app(held)
        super().on_message_complete()

    def _is_plain(self, prefixes: tuple[bytes, ...]) -> bool:
        url, parser = self.url, self.parser
        return (
            url.startswith(prefixes)
            and b"?" not in url
            and b"%" not in url
            and b"#" not in url
            and parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and not self.expect_100_continue
            and not self.flow.write_paused
            and not self.root_path
            and (self.cycle is None or self.cycle.response_complete)
        )

    def _taken(self, held: list[bytes]) -> bool:
        assert self._road is not None
        self.scope.update(method="POST", path=self.url.decode("ascii"), raw_path=self.url, query_string=b"")
        before, cycle = self.cycle, _DirectCycle(self)
        self.cycle = cycle
        if self._road.take(self.scope, held[0] if len(held) == 1 else b"".join(held), cycle.reply):
            return True
        self.cycle = before
        return False

    def _give_to_app(self, held: list[bytes]) -> None:
        super().on_headers_complete()
        for piece in held:
            super().on_body(piece)


class _Heads:
    """Beginnings of answers, which differ in little but the second of their date."""

    def __init__(self) -> None:
        self._defaults: Sequence[tuple[bytes, bytes]] = ()
        self._made: dict[tuple[int, Headers], tuple[bytes, bool]] = {}

    def of(
        self, defaults: Sequence[tuple[bytes, bytes]], status: int, headers: Headers
    ) -> tuple[bytes, bool]:
        """Status line and headers, and whether they close the connection. `defaults` is a new list each second."""
        if defaults is not self._defaults:
            self._defaults, self._made = defaults, {}
        made = self._made.get((status, headers))
        if made is None:
            lines = [b"%b: %b\r\n" % header for header in (*defaults, *headers)]
            closes = (b"connection", b"close") in (*defaults, *headers)
            made = self._made[status, headers] = STATUS_LINE[status] + b"".join(lines), closes
        return made


_HEADS = _Heads()


class _DirectCycle:
    """Stands where uvicorn keeps the request under way, for connections that close and for pipelining."""

    __slots__ = ("_protocol", "disconnected", "keep_alive", "response_complete")
    message_event = asyncio.Event()
    """Set by uvicorn when the peer is gone. Nobody waits for it."""

    def __init__(self, protocol: DirectProtocol) -> None:
        self._protocol = protocol
        self.disconnected = False
        self.keep_alive = True
        self.response_complete = False

    def reply(self, status: int, headers: Headers, body: bytes) -> None:
        """Write the whole answer at once, byte by byte as uvicorn would."""
        self.response_complete = True
        protocol = self._protocol
        if self.disconnected or protocol.transport.is_closing():
            return
        head, closes = _HEADS.of(protocol.server_state.default_headers, status, headers)
        if not self.keep_alive and not closes:
            head += b"connection: close\r\n"
        protocol.transport.write(b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body))
        if closes or not self.keep_alive:
            protocol.transport.close()
        protocol.on_response_complete()
