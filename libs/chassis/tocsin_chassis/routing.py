"""Routers of one kind: every POST answers an Idempotency-Key, no parameter is overlooked, every request is measured."""

import hashlib
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from enum import Enum
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.types import Message, Receive, Scope, Send

from tocsin_access.dependencies import recognised
from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_chassis.parameters import STRICT, parameters_of, strangers_of, unknown_parameters
from tocsin_chassis.requests import cause_of, get_service, open_unit_of_work
from tocsin_runtime.clock import stopwatch
from tocsin_runtime.errors import Code, FieldError, Problem

if TYPE_CHECKING:
    from tocsin_chassis.service import Service

LONGEST_KEY = 255
Handle = Callable[[Request], Coroutine[Any, Any, Response]]


class ServiceRoute(APIRoute):
    """A route that keeps the promise of Idempotency-Key: once in effect, the same answer for a day.

    It measures every answer as it goes out, also those that are made of errors. A stream counts when it begins.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and count the answer."""
        began, told = stopwatch(), False

        def tell(status: int) -> None:
            nonlocal told
            told = True
            if scope["method"] in (self.methods or ()):  # another one is anybody's word, and no label
                labels = {"method": scope["method"], "route": self.path, "status": f"{status // 100}xx"}
                requests = get_service(Request(scope)).figures.requests
                requests.labels(**labels).observe(stopwatch() - began)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                tell(message["status"])
            await send(message)

        try:
            await super().handle(scope, receive, sent)
        except Exception:
            if not told:
                tell(500)
            raise

    def get_route_handler(self) -> Handle:
        """FastAPI's handler, under a key with its answer kept in the same transaction."""
        handler = super().get_route_handler()
        at_once = open_unit_of_work not in _asked_for(self.dependant)
        known = parameters_of(self.dependant) if self.path.startswith(STRICT) else None

        async def handle(request: Request) -> Response:
            key = request.headers.get("idempotency-key") if request.method == "POST" else None
            _check_encoding(request)
            await _check_parameters(request, known)
            if key is None:
                return await handler(request)
            return await _once(request, handler, key=key, at_once=at_once)

        return handle


def api_router(*, prefix: str, tags: list[str | Enum]) -> APIRouter:
    """A router for JSON resources."""
    return APIRouter(prefix=prefix, tags=tags, route_class=ServiceRoute)


def page_router() -> APIRouter:
    """A router for pages, which stay out of the OpenAPI document."""
    return APIRouter(route_class=ServiceRoute, include_in_schema=False)


def _check_encoding(request: Request) -> None:
    """Only the roads of alerts unpack what they get, and they are answered ahead of all routes."""
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        detail = f"The body is packed ({encoding[:60]}). Send it plain, without Content-Encoding."
        raise Problem(415, Code.UNSUPPORTED_ENCODING, detail, headers={"Accept-Encoding": "identity"})


async def _check_parameters(request: Request, known: frozenset[str] | None) -> None:
    strangers = [] if known is None else strangers_of(request, known)
    if strangers and await recognised(request) is not None:  # whoever may not come in is told that first
        raise unknown_parameters(strangers, known or frozenset())


def _asked_for(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for below in dependant.dependencies:
        yield from _asked_for(below)


class _Answered(Exception):
    """The key was here before; `answer` is what it was answered."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


class _UnderKey:
    """The one transaction of a request under a key. Its answer is kept in it, too."""

    def __init__(
        self,
        stack: AsyncExitStack,
        service: "Service",
        cause: Cause,
        arguments: dict[str, str],
        digest: bytes,
    ) -> None:
        self._stack, self._service, self._cause = stack, service, cause
        self._arguments, self._digest = arguments, digest
        self._uow: UnitOfWork | None = None

    async def begin(self) -> UnitOfWork:
        """Open it when it is first asked for: what the route looks up before that waits in no transaction.

        Raises _Answered, and Problem while the first request with the key is still running.
        """
        if self._uow is None:
            uow = await self._stack.enter_async_context(self._service.unit_of_work(cause=self._cause))
            if not (await uow.conn.execute(_LOCK, {"name": "|".join(self._arguments.values())})).scalar_one():
                detail = "A request with this Idempotency-Key is still running. Wait for it."
                raise Problem(409, Code.IN_PROGRESS, detail)
            known = await _known(uow.conn, self._arguments, self._digest)
            if known is not None:
                raise _Answered(known)
            self._uow = uow
        return self._uow

    async def keep(self, answer: Response) -> UnitOfWork:
        """Keep the answer for a day, unless it shows a secret."""
        uow = await self.begin()
        headers = {n: v for n, v in answer.headers.items() if n in {"content-type", "location", "etag"}}
        stored = {
            "digest": self._digest,
            "status": answer.status_code,
            "body": b"" if _holds_secret(answer) else bytes(getattr(answer, "body", b"")),
            "headers": orjson.dumps(headers).decode(),
        }
        await uow.conn.execute(_KEEP, {**self._arguments, **stored})
        return uow


async def _once(request: Request, handler: Handle, *, key: str, at_once: bool) -> Response:
    """Answer as the key was answered before, or let the route answer.

    `at_once`: it asks for no unit of work but may open its own, so the key is taken before it runs.
    """
    if not key or len(key) > LONGEST_KEY:
        raise Problem(400, Code.BAD_IDEMPOTENCY_KEY, f"Send 1 to {LONGEST_KEY} characters, best a UUID.")
    if await recognised(request) is None:
        return await handler(request)  # no kept answer for a token revoked since, nor for strangers
    caller = hashlib.sha256(
        (request.headers.get("authorization", "") + request.headers.get("cookie", "")).encode()
    )
    arguments = {"caller": caller.hexdigest(), "route": f"{request.method} {request.url.path}", "key": key}
    digest = hashlib.sha256(await request.body()).digest()
    service = get_service(request)
    async with service.database.read() as conn:
        known = await _known(conn, arguments, digest)
    if known is not None:
        return known
    try:
        async with AsyncExitStack() as stack:
            under = _UnderKey(stack, service, cause_of(request), arguments, digest)
            request.state.begin_unit_of_work = under.begin
            if at_once:
                await under.begin()
            answer = await handler(request)
            uow = await under.keep(answer)
    except _Answered as before:  # while this one looked things up
        return before.answer
    await service.ahead.tell(uow.emitted)
    return answer


async def _known(conn: AsyncConnection, arguments: dict[str, str], digest: bytes) -> Response | None:
    row = (await conn.execute(_FIND, arguments)).one_or_none()
    if row is None:
        return None
    if row.body_digest != digest:
        detail = "This key came with another body. Use a new key."
        errors = [FieldError("Idempotency-Key", detail)]
        raise Problem(422, Code.IDEMPOTENCY_KEY_REUSED, detail, errors=errors)
    if row.status == 201 and not row.body:
        raise _shown_once(row.headers)
    return Response(row.body, status_code=row.status, headers={**row.headers, "Idempotent-Replay": "true"})


def _holds_secret(answer: Response) -> bool:
    """What shows a new key says no-store: it is not kept here either (S3)."""
    return answer.status_code == 201 and answer.headers.get("cache-control") == "no-store"


def _shown_once(headers: dict[str, str]) -> Problem:
    made = headers.get("location")
    instead = f"Delete {made} and try anew" if made else "Try anew with a fresh key"
    detail = (
        f"This Idempotency-Key was here before, and the secret that it made is shown once only. {instead}."
    )
    return Problem(409, Code.SHOWN_BEFORE, detail, headers={"Location": made} if made else None)


_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_FIND = text(
    "SELECT body_digest, status, headers, body FROM idempotency"
    " WHERE caller = :caller AND route = :route AND key = :key AND created_at > now() - interval '1 day'"
)
_KEEP = text(
    "INSERT INTO idempotency AS i (caller, route, key, body_digest, status, headers, body)"
    " VALUES (:caller, :route, :key, :digest, :status, CAST(:headers AS jsonb), :body)"
    " ON CONFLICT (caller, route, key) DO UPDATE SET body_digest = excluded.body_digest, status = excluded.status,"
    " headers = excluded.headers, body = excluded.body, created_at = now()"
)
