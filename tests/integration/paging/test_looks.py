"""Looking changes nothing: it opens no transaction, and stirs no worker that rests."""

from collections.abc import Iterator

import httpx2
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from tests.integration.paging.stage import MINUTE, Stage
from tocsin_chassis.requests import open_unit_of_work


def asked_for(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for below in dependant.dependencies:
        yield from asked_for(below)


def test_no_get_opens_a_unit_of_work(app: FastAPI) -> None:
    routes = [context.original_route for context in iter_route_contexts(app.routes)]
    gets = [route for route in routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())]
    assert len(gets) > 40
    assert [route.path for route in gets if open_unit_of_work in asked_for(route.dependant)] == []


async def test_whether_a_token_or_a_link_holds_is_told_by_the_time_of_the_database(
    client: httpx2.AsyncClient, stage: Stage
) -> None:
    # here that is not the process's, which says the same before and after
    ends = (stage.clock.moment + MINUTE).isoformat()
    made = await client.post(
        "/api/v1/tokens", json={"name": "ci", "scopes": ["paging:read"], "expires_at": ends}
    )
    path, listed = f"/api/v1/tokens/{made.json()['id']}", {"name": "ci", "state": "active"}
    ana = await client.post("/api/v1/users", json={"name": "Ana", "email": "ana@example.org"})
    link = (await client.post(f"/api/v1/users/{ana.json()['id']}/login-links")).json()["url"]

    assert (await client.get(path)).json()["state"] == "active"
    assert len((await client.get("/api/v1/tokens", params=listed)).json()["items"]) == 1
    assert (await client.get(link)).status_code == 200
    stage.clock.forward(61 * MINUTE)
    assert (await client.get(path)).json()["state"] == "expired"
    assert (await client.get("/api/v1/tokens", params=listed)).json()["items"] == []
    assert (await client.get(link)).status_code == 410
