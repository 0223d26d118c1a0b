"""Every route of every service x every role (S21). A route that does not say what it asks fails here."""

import re
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from tests.integration.access.house import bearer
from tocsin_access.directory import apply_entry
from tocsin_access.roles import ROLE_SCOPES, SCOPES, holds
from tocsin_access.routes import RouteRule, route_table
from tocsin_chassis.service import Service
from tocsin_events.directory import Role, TokenChanged, UserChanged
from tocsin_runtime.clock import DatabaseClock
from tocsin_runtime.ids import new_id
from tocsin_testkit.apps import ORIGIN, build_app, running
from tocsin_testkit.postgres import TestServer
from tocsin_testkit.templates import Templates

SERVICES = ("detector", "incidents", "paging", "comms", "analytics")
ANY_ID = str(UUID(int=7))
PLACE = re.compile(r"\{[^}]+\}")
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def app_of(service: str, database_url: str) -> FastAPI:
    app = import_module(f"tocsin_{service}.app")
    settings = import_module(f"tocsin_{service}.settings")
    settings_class = getattr(settings, f"{service.capitalize()}Settings")
    return build_app(app.create_app, settings_class, database_url, DatabaseClock())


def declared(service: str) -> list[RouteRule]:
    described = f"/api/v1/{service}/openapi.json"  # FastAPI's own route, open to all
    return [route for route in route_table(app_of(service, NOWHERE).routes) if route.path != described]


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_says_what_it_asks(service: str) -> None:
    table = declared(service)
    assert len(table) > 5
    assert [f"{route.method} {route.path}" for route in table if route.rule is None] == []


@pytest.mark.parametrize("service", SERVICES)
def test_scopes_are_spelt_as_they_exist(service: str) -> None:
    assert {route.rule for route in declared(service) if route.needs_scope} <= SCOPES


@pytest.mark.parametrize("service", SERVICES)
def test_reading_asks_for_reading_and_changing_for_more(service: str) -> None:
    wrong = [
        f"{route.method} {route.path} asks {route.rule}"
        for route in declared(service)
        if route.needs_scope and route.method not in ("GET", "HEAD") and (route.rule or "").endswith(":read")
    ]
    assert [line for line in wrong if line not in KEPT_BY_THEIR_OWNER] == []


KEPT_BY_THEIR_OWNER = {
    "POST /logout asks paging:read",
    "POST /settings/profile asks paging:read",
    "POST /settings/password asks paging:read",
    "POST /settings/sessions/end-others asks paging:read",
    "POST /settings/sessions/{session_id}/end asks paging:read",
    "POST /settings/tokens asks paging:read",
    "POST /settings/tokens/{token_id}/revoke asks paging:read",
    "POST /api/v1/tokens asks paging:read",
    "DELETE /api/v1/tokens/{token_id} asks paging:read",
}
"""What every role does to its own log-in, profile and tokens; the use case looks whose they are."""


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    name = request.param
    assert isinstance(name, str)
    return name


@pytest.fixture
def own_database(service: str, server: TestServer, templates: Templates) -> Iterator[str]:
    url = server.create_database(template=templates.of(service, "bus"))
    yield url
    server.drop_database(url)


@pytest.fixture
async def running_app(service: str, own_database: str) -> AsyncIterator[tuple[FastAPI, httpx2.AsyncClient]]:
    app = app_of(service, own_database)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with running(app), httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield app, client


async def tokens_by_role(app: FastAPI) -> dict[Role, str]:
    """A person of each role with a token for everything, in the service's own copy of the directory."""
    service = app.state.service
    assert isinstance(service, Service)
    made = {}
    async with service.unit_of_work() as uow:
        for role in Role:
            issued = service.access.tokens.issue()
            user = UserChanged(id=new_id(), version=1, name=role, email=f"{role}@example.org", role=role)
            token = TokenChanged(
                id=new_id(),
                version=1,
                name=role,
                prefix=issued.prefix,
                digest=issued.digest,
                scopes=["*"],
                owner_id=user.id,
            )
            await apply_entry(user, uow)
            await apply_entry(token, uow)
            made[role] = issued.plain
    return made


async def test_each_role_is_refused_what_it_does_not_hold(
    running_app: tuple[FastAPI, httpx2.AsyncClient],
) -> None:
    app, client = running_app
    tokens = await tokens_by_role(app)
    guarded = [
        route for route in route_table(app.routes) if route.needs_scope and not route.path.endswith("/stream")
    ]
    wrong = []
    for route in guarded:
        for role, token in tokens.items():
            allowed = holds(ROLE_SCOPES[role], route.rule or "")
            if allowed and route.method not in ("GET", "HEAD"):
                continue
            status = await _status(client, route, token)
            if (status == 403) is allowed or status >= 500:
                wrong.append(f"{role}: {route.method} {route.path} ({route.rule}) answered {status}")
    assert wrong == []


async def test_nobody_is_let_in_without_credentials(running_app: tuple[FastAPI, httpx2.AsyncClient]) -> None:
    app, client = running_app
    wrong = []
    for route in route_table(app.routes):
        if route.needs_scope or (route.rule or "").startswith("internal: "):
            status = await _status(client, route, None)
            if status not in (401, 303):
                wrong.append(f"{route.method} {route.path} ({route.rule}) answered {status}")
            if status == 303 and route.path.startswith(("/api/", "/internal/")):
                wrong.append(f"{route.method} {route.path} sends programs to the log-in page")
    assert wrong == []


async def test_the_address_of_a_form_leads_back_to_a_page(
    running_app: tuple[FastAPI, httpx2.AsyncClient],
) -> None:
    app, client = running_app
    table = route_table(app.routes)
    pages = {route.path for route in table if route.method == "GET"}
    machines = ("/api/", "/internal/", "/v2/", "/alertmanager/")
    wrong = []
    for route in table:
        if route.method != "POST" or route.path in pages or route.path.startswith(machines):
            continue
        answer = await client.get(PLACE.sub(ANY_ID, route.path), headers={"Accept": "text/html"})
        above = answer.headers.get("location", "").replace(ANY_ID, "{}")
        if answer.status_code != 303 or above not in {"/", *(PLACE.sub("{}", page) for page in pages)}:
            wrong.append(f"GET {route.path} answered {answer.status_code} {above}")
    assert wrong == []


async def test_a_page_is_not_there_rather_than_badly_asked_for(
    running_app: tuple[FastAPI, httpx2.AsyncClient],
) -> None:
    app, client = running_app
    token = (await tokens_by_role(app))[Role.VIEWER]
    headers = httpx2.Headers({"Accept": "text/html", "Authorization": f"Bearer {token}"})
    wrong = []
    for route in route_table(app.routes):
        if route.method != "GET" or "{" not in route.path or route.path.startswith(("/api/", "/internal/")):
            continue
        if route.path.startswith(("/alertmanager/", "/v2/")) or route.path.endswith("/stream"):
            continue
        answer = await client.get(PLACE.sub("nope", route.path), headers=headers)
        unfit = answer.status_code not in (200, 403, 404, 410) or "/api/v1" in answer.text
        if unfit or (answer.status_code == 403 and "scope" in answer.text):
            wrong.append(f"GET {route.path} answered {answer.status_code}: {answer.text[-400:]}")
    assert wrong == []


async def _status(client: httpx2.AsyncClient, route: RouteRule, token: str | None) -> int:
    path = PLACE.sub(ANY_ID, route.path)
    answer = await client.request(route.method, path, headers=bearer(token) if token else None)
    return answer.status_code
