"""Routers of one kind: every POST answers an Idempotency-Key, no parameter is overlooked, every request is measured."""

import hashlib
import time
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_access.dependencies import recognised
from tocsin_chassis.parameters import STRICT, parameters_of, strangers_of, unknown_parameters
from tocsin_chassis.requests import cause_of, get_service
from tocsin_runtime.errors import Code, FieldError, Problem

LONGEST_KEY = 255
Handle = Callable[[Request], Coroutine[Any, Any, Response]]


class ServiceRoute(APIRoute):
    """A route that keeps the promise of Idempotency-Key: once in effect, the same answer for a day."""

    def get_route_handler(self) -> Handle:
        """FastAPI's handler inside the key's transaction."""
        handler = super().get_route_handler()
        known = parameters_of(self.dependant) if self.path.startswith(STRICT) else None

        async def handle(request: Request) -> Response:
            began = time.perf_counter()
            key = request.headers.get("idempotency-key") if request.method == "POST" else None
            status = 500
            try:
                _check_encoding(request)
                await _check_parameters(request, known)
                answer = await (handler(request) if key is None else _once(request, handler, key=key))
                status = answer.status_code
            except Problem as problem:
                status = problem.status
                raise
            finally:
                requests = get_service(request).figures.requests
                labels = {"method": request.method, "route": self.path, "status": f"{status // 100}xx"}
                requests.labels(**labels).observe(time.perf_counter() - began)
            return answer

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


async def _once(request: Request, handler: Handle, *, key: str) -> Response:
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
    async with service.unit_of_work(cause=cause_of(request)) as uow:
        if not (await uow.conn.execute(_LOCK, {"name": "|".join(arguments.values())})).scalar_one():
            raise Problem(
                409, Code.IN_PROGRESS, "A request with this Idempotency-Key is still running. Wait for it."
            )
        known = await _known(uow.conn, arguments, digest)
        if known is not None:
            return known
        request.state.unit_of_work = uow
        answer = await handler(request)
        body = b"" if _holds_secret(answer) else bytes(getattr(answer, "body", b""))
        headers = {n: v for n, v in answer.headers.items() if n in {"content-type", "location", "etag"}}
        stored = {
            "digest": digest,
            "status": answer.status_code,
            "body": body,
            "headers": orjson.dumps(headers).decode(),
        }
        await uow.conn.execute(_KEEP, {**arguments, **stored})
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
