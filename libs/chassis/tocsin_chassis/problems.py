"""Every error leaves as problem+json, or as a page for whoever asked for one; nobody sees a stack trace."""

from collections.abc import Mapping

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from tocsin_access.dependencies import access_of
from tocsin_chassis.for_people import for_people
from tocsin_chassis.page_above import page_above
from tocsin_chassis.render import page
from tocsin_runtime.errors import PROBLEM_JSON, Code, FieldError, Problem, plain_code

log = structlog.get_logger("tocsin.requests")
_ONE_STRING = "/alertmanager/"
"""Below this, clients of Alertmanager read an error as one JSON string, and nothing else."""


def handle_problems(app: FastAPI, errors: Mapping[type[Exception], int]) -> None:
    """Set up the answers. `errors` maps domain errors to statuses.

    A domain error may have a `code`, if that of its status says too little, and a `pointer`: the JSON pointer, or the
    parameter, of what it complains about.
    """

    async def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return await answer(request, error)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 405 and request.method == "GET" and _wants_page(request):
            return RedirectResponse(
                page_above(request), 303
            )  # where a form was sent to; a reload ends up here
        return await answer(request, _of_http(request, error))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if _wants_page(request) and all(wrong["loc"][0] == "path" for wrong in error.errors()):
            return await answer(request, _nothing_at(request))
        return await answer(request, _of_validation(request, error))

    async def unavailable(request: Request, error: Exception) -> Response:
        return await answer(request, _of_database(error))

    async def domain(request: Request, error: Exception) -> Response:
        status = next(errors[kind] for kind in type(error).__mro__ if kind in errors)
        code = Code(getattr(error, "code", plain_code(status)))
        detail = str(error) or f"{code.words}."
        fields = [FieldError(getattr(error, "pointer", ""), detail)] if status == 422 else []
        return await answer(request, Problem(status, code, detail, errors=fields))

    async def unexpected(request: Request, error: Exception) -> Response:
        log.error("request.failed", method=request.method, place=_place_of(request), exc_info=error)
        detail = (
            "Tocsin failed to answer. The failure is logged. Trying again is safe with an Idempotency-Key."
        )
        return await answer(request, Problem(500, Code.INTERNAL_ERROR, detail))

    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    for kind in (DBAPIError, ConnectionError):
        app.add_exception_handler(kind, unavailable)
    for known in errors:
        app.add_exception_handler(known, domain)
    app.add_exception_handler(Exception, unexpected)


def _place_of(request: Request) -> str:
    """The beginning of the path: the rest may be a key, or a link that logs somebody in."""
    parts = request.url.path.split("/")
    return "/".join(parts[:4] if parts[1] == "api" else parts[:2])


async def answer(request: Request, problem: Problem) -> Response:
    """The problem as JSON, or as a page when a browser asked for a page."""
    if 300 <= problem.status < 400:
        return Response(status_code=problem.status, headers=problem.headers)
    if _wants_page(request):
        return _page(request, problem)
    if request.url.path.startswith(_ONE_STRING):
        status = 400 if problem.status == 422 else problem.status
        return JSONResponse(
            f"{problem.code.words}: {problem.detail}", status_code=status, headers=problem.headers
        )
    body = problem.body(instance=request.url.path)
    return JSONResponse(body, status_code=problem.status, media_type=PROBLEM_JSON, headers=problem.headers)


def _page(request: Request, problem: Problem) -> Response:
    response = page(
        request,
        "problem.html",
        getattr(request.state, "principal", None),
        status_code=problem.status,
        problem=problem,
        words=for_people(problem),
    )
    response.headers.update(problem.headers)
    return response


def _wants_page(request: Request) -> bool:
    if request.url.path.startswith(("/api/", "/v2/", "/alertmanager/", "/internal/")):
        return False
    return "text/html" in request.headers.get("accept", "") and access_of(request) is not None


def _of_http(request: Request, error: HTTPException) -> Problem:
    if error.status_code == 400 and "json" in request.headers.get("content-type", ""):
        return _not_json()
    if error.status_code == 404:
        return _nothing_at(request)
    details = {
        405: f"{request.method} is not allowed here.",
    }
    detail = details.get(error.status_code, str(error.detail))
    code = plain_code(error.status_code)
    return Problem(error.status_code, code, detail, headers=dict(error.headers or {}))


def _nothing_at(request: Request) -> Problem:
    return Problem(404, Code.NOT_FOUND, f"Nothing is at {request.url.path}.")


def _of_validation(request: Request, error: RequestValidationError) -> Problem:
    problems = error.errors()
    if any(p["type"] == "json_invalid" for p in problems):
        return _not_json()
    if isinstance(error.body, bytes) and error.body and "json" not in request.headers.get("content-type", ""):
        return Problem(415, Code.NOT_JSON_TYPE, "Send Content-Type: application/json and a JSON object.")
    fields = [FieldError(_pointer(p["loc"]), _plain(str(p["msg"]))) for p in problems]
    detail = "; ".join(f"{f.pointer or 'body'}: {f.detail}" for f in fields[:5])
    problem = Problem(422, Code.INVALID_REQUEST, detail, errors=fields)
    if all(p["loc"][0] in ("path", "query") for p in problems):
        names = ", ".join(f.pointer for f in fields[:5])
        problem.detail_for_people = f"Something in this address cannot be read: {names}."
    return problem


def _not_json() -> Problem:
    detail = "The body is not JSON. Send Content-Type: application/json and a JSON object."
    return Problem(400, Code.NOT_JSON, detail)


def _pointer(loc: tuple[object, ...]) -> str:
    parts = [str(part) for part in loc]
    if parts and parts[0] == "body":
        return "".join(f"/{part}" for part in parts[1:])
    return parts[1] if len(parts) > 1 else ""


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def _of_database(error: Exception) -> Problem:
    code = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    if code.startswith("22"):
        return Problem(
            422, Code.INVALID_REQUEST, "A value cannot be stored: out of range, or not of its type."
        )
    if code.startswith("23"):
        detail = "Somebody else changed this at the same time. Read it again, then retry."
        return Problem(409, Code.CONFLICT, detail)
    log.warning("request.database_away", error=repr(error)[:300])
    detail = "The database is busy or away. Nothing was changed; try again in a few seconds."
    return Problem(503, Code.UNAVAILABLE, detail, headers={"Retry-After": "5"})
