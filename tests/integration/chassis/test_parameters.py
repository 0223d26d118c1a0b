"""No route of the API overlooks a parameter that it does not have: a misspelt filter would let everything through."""

import re
from uuid import UUID

import httpx2
from fastapi import FastAPI

from tocsin_access.routes import RouteRule, route_table

PLACE = re.compile(r"\{[^}]+\}")
ANY_ID = str(UUID(int=7))


def routes_of_the_api(app: FastAPI) -> list[RouteRule]:
    return [
        route for route in route_table(app.routes) if route.path.startswith("/api/v1/") and route.needs_scope
    ]


async def test_an_unknown_parameter_is_named_beside_those_that_exist(
    app: FastAPI, client: httpx2.AsyncClient
) -> None:
    for route in routes_of_the_api(app):
        path = PLACE.sub(ANY_ID, route.path)
        answer = await client.request(route.method, path, params={"nosuch": "1"}, json={})
        assert answer.status_code == 422, (route, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert [error["pointer"] for error in problem["errors"]] == ["nosuch"]
        assert "There are: " in problem["detail"] or "There are none." in problem["detail"]


async def test_whoever_may_not_come_in_hears_that_and_nothing_else(
    app: FastAPI, client: httpx2.AsyncClient
) -> None:
    del client.headers["Authorization"]
    for route in routes_of_the_api(app):
        path = PLACE.sub(ANY_ID, route.path)
        assert (await client.request(route.method, path, params={"nosuch": "1"})).status_code == 401, route


async def test_pages_take_what_their_links_carry(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/livez", params={"nosuch": "1"})).status_code == 200
