"""A small Slack: a real HTTP server with the part of the Web API that Tocsin uses, and switches for faults.

Tests and operators point the real Slack client at it, over a socket. Alone: `python -m tocsin_testkit.slack`.
"""

import asyncio
import json
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from sys import stdout
from time import monotonic, time
from typing import Any

from aiohttp import web

Json = dict[str, Any]
ALONE_PORT = 8099


class FaultKind(StrEnum):
    """What can go wrong with one request."""

    RATE_LIMITED = "rate_limited"
    """429 with `Retry-After`; nothing happens."""
    HANG = "hang"
    """The request is taken and never answered; nothing happens."""
    LOST_ANSWER = "lost_answer"
    """The request takes effect, then the connection breaks before an answer."""
    HANG_AFTER = "hang_after"
    """The request takes effect, and is never answered."""
    SERVER_ERROR = "server_error"
    """503 with a page that is not JSON; nothing happens."""
    REFUSED = "refused"
    """200 with `ok: false` and the fault's `error`; nothing happens."""


@dataclass
class Fault:
    """One kind of trouble for the next `times` requests of a method; `seconds` is for `Retry-After`."""

    kind: FaultKind
    times: int = 1
    seconds: int = 1
    error: str = "internal_error"


@dataclass
class Message:
    """What a channel holds. `edits` counts the changes, `replies_to` is the thread's first message."""

    channel: str
    ts: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    replies_to: str | None = None
    edits: int = 0

    def shape(self, *, with_metadata: bool) -> Json:
        """As the API gives it."""
        made: Json = {"type": "message", "ts": self.ts, "text": self.text, "blocks": self.blocks}
        if self.replies_to:
            made["thread_ts"] = self.replies_to
        if self.edits:
            made["edited"] = {"user": "U0TOCSIN", "ts": self.ts}
        if with_metadata and self.metadata:
            made["metadata"] = self.metadata
        return made


@dataclass(frozen=True)
class Call:
    """A request as it came: the method, its arguments, and when (monotonic seconds)."""

    method: str
    arguments: Json
    at: float


class SlackServer:
    """State, log and faults of one workspace. `url` is what the client takes as `base_url`."""

    def __init__(
        self,
        *,
        token: str = "xoxb-test",
        channels: tuple[str, ...] = ("C0INCIDENTS",),
        now: Callable[[], float] = time,
    ) -> None:
        self.token = token
        self._now = now
        self.channels = set(channels)
        self.messages: list[Message] = []
        self.calls: list[Call] = []
        self.missing_scopes: set[str] = set()
        self.pace: float | None = None
        """Seconds that a channel needs between two messages; a faster one gets 429, as with the real one."""
        self.url = ""
        self._faults: dict[str, list[Fault]] = defaultdict(list)
        self._last_ts = 0
        self._last_post: dict[str, float] = {}
        self._going = asyncio.Event()

    def fail(
        self, method: str, kind: FaultKind, *, times: int = 1, seconds: int = 1, error: str = "internal_error"
    ) -> None:
        """Let the next `times` requests of this method (`chat.postMessage` …) meet that trouble."""
        self._faults[method].append(Fault(kind, times, seconds, error))

    def heal(self) -> None:
        """No more trouble."""
        self._faults.clear()

    @property
    def posts(self) -> list[Message]:
        """The messages that began a thread of their own."""
        return [message for message in self.messages if message.replies_to is None]

    @property
    def replies(self) -> list[Message]:
        """The messages in threads."""
        return [message for message in self.messages if message.replies_to is not None]

    def called(self, method: str) -> list[Call]:
        """The requests of one method, in their order."""
        return [call for call in self.calls if call.method == method]

    def app(self) -> web.Application:
        """The server as an aiohttp application."""
        app = web.Application()
        app.router.add_post("/api/{method}", self._answer)
        app.router.add_get("/api/{method}", self._answer)
        app.router.add_post("/faults", self._add_fault)
        app.router.add_get("/", self._show)
        return app

    def release(self) -> None:
        """Break off every request that hangs."""
        self._going.set()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        self.calls.append(Call(method, arguments, monotonic()))
        fault = self._next_fault(method)
        if fault is not None and fault.kind not in (FaultKind.LOST_ANSWER, FaultKind.HANG_AFTER):
            return await self._broken(fault)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        answer = self._carry_out(method, arguments)
        if fault is None:
            return answer
        if fault.kind is FaultKind.HANG_AFTER:
            await self._going.wait()
        if request.transport is not None:
            request.transport.abort()
        return answer

    def _next_fault(self, method: str) -> Fault | None:
        waiting = self._faults[method]
        if not waiting:
            return None
        fault = waiting[0]
        fault.times -= 1
        if fault.times <= 0:
            waiting.pop(0)
        return fault

    async def _broken(self, fault: Fault) -> web.StreamResponse:
        if fault.kind is FaultKind.RATE_LIMITED:
            return _too_fast(fault.seconds)
        if fault.kind is FaultKind.SERVER_ERROR:
            return web.Response(status=503, text="<html>upstream is away</html>", content_type="text/html")
        if fault.kind is FaultKind.HANG:
            await self._going.wait()
        return web.json_response({"ok": False, "error": fault.error})

    def _carry_out(self, method: str, arguments: Json) -> web.Response:
        methods: dict[str, Callable[[Json], web.Response]] = {
            "auth.test": lambda _: web.json_response({"ok": True, "user_id": "U0TOCSIN", "team": "Test"}),
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": lambda asked: self._list(asked, "channels:history", thread=None),
            "conversations.replies": lambda asked: self._list(
                asked, "channels:history", thread=asked.get("ts")
            ),
        }
        if method not in methods:
            return _refused("unknown_method")
        channel = arguments.get("channel")
        if method != "auth.test" and channel not in self.channels:
            return _refused("channel_not_found")
        return methods[method](arguments)

    def _post(self, arguments: Json) -> web.Response:
        channel, now = arguments["channel"], monotonic()
        if self.pace is not None and now - self._last_post.get(channel, -self.pace) < self.pace:
            return _too_fast(max(1, round(self.pace)))
        if not arguments.get("text") and not arguments.get("blocks"):
            return _refused("no_text")
        thread = arguments.get("thread_ts")
        if thread and self._find(channel, thread) is None:
            return _refused("thread_not_found")
        self._last_post[channel] = now
        message = Message(channel, self._next_ts(), "", replies_to=thread)
        _write(message, arguments)
        self.messages.append(message)
        return web.json_response(
            {"ok": True, "channel": channel, "ts": message.ts, "message": message.shape(with_metadata=True)}
        )

    def _update(self, arguments: Json) -> web.Response:
        message = self._find(arguments["channel"], arguments.get("ts"))
        if message is None:
            return _refused("message_not_found")
        _write(message, arguments)
        message.edits += 1
        return web.json_response(
            {"ok": True, "channel": message.channel, "ts": message.ts, "text": message.text}
        )

    def _list(self, arguments: Json, scope: str, *, thread: str | None) -> web.Response:
        if scope in self.missing_scopes:
            return web.json_response({"ok": False, "error": "missing_scope", "needed": scope})
        oldest, limit = float(arguments.get("oldest") or 0), int(arguments.get("limit") or 100)
        found = [
            message
            for message in self.messages
            if message.channel == arguments["channel"] and float(message.ts) >= oldest
        ]
        if thread is None:
            found = [message for message in found if message.replies_to is None][::-1]
        else:
            found = [message for message in found if thread in (message.ts, message.replies_to)]
        shapes = [
            message.shape(with_metadata=_true(arguments.get("include_all_metadata")))
            for message in found[:limit]
        ]
        return web.json_response({"ok": True, "messages": shapes, "has_more": len(found) > limit})

    def _find(self, channel: str, ts: str | None) -> Message | None:
        return next(
            (message for message in self.messages if (message.channel, message.ts) == (channel, ts)), None
        )

    def _next_ts(self) -> str:
        self._last_ts = max(self._last_ts + 1, int(self._now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06}"

    async def _add_fault(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.fail(asked.pop("method"), FaultKind(asked.pop("kind")), **asked)
        return web.json_response({"ok": True})

    async def _show(self, _: web.Request) -> web.Response:
        """The channel as plain text, for people."""
        lines = [
            f"{'    ' if message.replies_to else ''}{message.ts} {message.text}" for message in self.messages
        ]
        return web.Response(text="\n".join(lines) or "No messages yet.")


async def _arguments(request: web.Request) -> Json:
    if request.method == "GET":
        return dict(request.query)
    if request.content_type == "application/json":
        read: Json = await request.json()
        return read
    form: Json = dict(await request.post())
    return {name: _loaded(value) if name in ("blocks", "metadata") else value for name, value in form.items()}


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _write(message: Message, arguments: Json) -> None:
    message.text = arguments.get("text") or ""
    message.blocks = _loaded(arguments.get("blocks") or [])
    message.metadata = _loaded(arguments.get("metadata")) or message.metadata


def _true(value: Any) -> bool:
    return str(value).lower() in ("1", "true")


def _refused(error: str) -> web.Response:
    return web.json_response({"ok": False, "error": error})


def _too_fast(seconds: int) -> web.Response:
    answer = {"ok": False, "error": "ratelimited"}
    return web.json_response(answer, status=429, headers={"Retry-After": str(seconds)})


@asynccontextmanager
async def slack_server(*, port: int = 0, **options: Any) -> AsyncIterator[SlackServer]:
    """A running server on 127.0.0.1; port 0 takes a free one. What still hangs is broken off at the end."""
    server = SlackServer(**options)
    runner = web.AppRunner(server.app(), shutdown_timeout=1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    try:
        yield server
    finally:
        server.release()
        await runner.cleanup()


async def _run_alone(port: int, wait: Callable[[], Awaitable[object]]) -> None:
    async with slack_server(port=port) as server:
        settings = {"BASE_URL": server.url, "TOKEN": server.token, "CHANNEL": next(iter(server.channels))}
        stdout.writelines(f"TOCSIN_COMMS_SLACK_{name}={value}\n" for name, value in settings.items())
        stdout.flush()
        await wait()


if __name__ == "__main__":
    parser = ArgumentParser(description="A small Slack to try Tocsin with; its messages are shown at /.")
    parser.add_argument("--port", type=int, default=ALONE_PORT)
    asyncio.run(_run_alone(parser.parse_args().port, asyncio.Event().wait))
