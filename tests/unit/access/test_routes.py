"""The table of routes finds what each asks of its caller, and what nobody has declared (S21)."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from tocsin_access.dependencies import page_viewer, public, require, require_internal
from tocsin_access.principal import Principal
from tocsin_access.routes import declared, route_table


async def answer() -> str:
    return "ok"


async def guarded(principal: Annotated[Principal, Depends(require("incidents:write"))]) -> str:
    return principal.name


def app() -> FastAPI:
    api = APIRouter(prefix="/api")
    api.add_api_route("/guarded", guarded, methods=["POST"])
    api.add_api_route("/forgotten", answer)
    open_api = APIRouter(dependencies=[Depends(public("anybody may look"))])
    open_api.add_api_route("/open", answer)
    open_api.add_api_route("/open/but/guarded", guarded)
    inner = APIRouter(dependencies=[Depends(page_viewer("alerts:read"))])
    inner.add_api_route("/page", answer)
    api.include_router(inner, prefix="/inner")
    made = FastAPI(openapi_url=None)
    made.include_router(api)
    made.include_router(open_api)
    made.add_api_route("/internal", answer, dependencies=[Depends(require_internal("paging"))])
    made.mount("/files", declared(Bare(), "public: files"))
    made.mount("/strange", Bare())
    made.router.routes.append(Mount("/sub", routes=[Route("/x", answer)]))
    return made


class Bare:
    """An ASGI app that shows no routes."""

    __call__ = PlainTextResponse("ok").__call__


def test_every_route_is_found_with_its_rule() -> None:
    table = {(rule.method, rule.path): rule.rule for rule in route_table(app().routes)}
    assert table == {
        ("POST", "/api/guarded"): "incidents:write",
        ("GET", "/api/forgotten"): None,
        ("GET", "/open"): "public: anybody may look",
        ("GET", "/open/but/guarded"): "incidents:write",
        ("GET", "/api/inner/page"): "alerts:read",
        ("GET", "/internal"): "internal: paging",
        ("*", "/files/*"): "public: files",
        ("*", "/strange/*"): None,
        ("GET", "/sub/x"): None,
        ("HEAD", "/sub/x"): None,
    }


def test_only_scopes_depend_on_a_role() -> None:
    table = {rule.path: rule.needs_scope for rule in route_table(app().routes)}
    assert table["/api/guarded"]
    assert not table["/open"]
    assert not table["/internal"]
    assert not table["/api/forgotten"]
