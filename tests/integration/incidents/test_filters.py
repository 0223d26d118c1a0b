"""Every small field of an incident, a service or an entry is a filter of its list, and lets through what it says."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

INCIDENTS, SERVICES = "/api/v1/incidents", "/api/v1/services"


async def found(client: httpx2.AsyncClient, path: str, **params: Any) -> list[dict[str, Any]]:
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def made(client: httpx2.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    item: dict[str, Any] = answer.json()
    return item


@pytest.fixture
async def service(client: httpx2.AsyncClient) -> dict[str, Any]:
    """A service with a team; INC-1 is of it, INC-2 is a drill, INC-3 is not public and over (no drill is public)."""
    body = {"name": "Checkout", "aliases": ["till"], "team_id": str(uuid4())}
    service: dict[str, Any] = (await client.put(f"{SERVICES}/by-slug/checkout", json=body)).json()
    await made(client, INCIDENTS, title="One", severity="SEV-1", service="checkout")
    await made(client, INCIDENTS, title="Two", severity="SEV-2", drill=True)
    await made(client, INCIDENTS, title="Three", severity="SEV-3", public=False)
    await client.post(f"{INCIDENTS}/3/resolve")
    return service


async def test_incidents_by_their_fields(client: httpx2.AsyncClient, service: dict[str, Any]) -> None:
    async def numbers(**params: Any) -> list[int]:
        return [item["number"] for item in await found(client, INCIDENTS, **params)]

    assert await numbers() == [1, 2, 3]
    assert await numbers(service_id=service["id"]) == [1]
    assert await numbers(service_id=str(uuid4())) == []
    assert await numbers(service_id=[str(uuid4()), service["id"]]) == [1]
    assert await numbers(service_id=service["id"], service="till") == [1]
    assert await numbers(service_id=service["id"], service="nobody-knows") == []
    assert await numbers(team_id=service["team_id"]) == [1]
    assert await numbers(team_id=str(uuid4())) == []
    assert (await numbers(origin="api"), await numbers(origin="alert")) == ([1, 2, 3], [])
    assert (await numbers(public="false"), await numbers(public="true")) == ([2, 3], [1])
    assert (await numbers(drill="true"), await numbers(drill="false")) == ([2], [1, 3])
    assert (await numbers(open="true"), await numbers(open="false")) == ([1, 2], [3])
    assert (await numbers(number=2), await numbers(number=9)) == ([2], [])
    assert (await numbers(ref="INC-2"), await numbers(ref="INC-9")) == ([2], [])
    assert await numbers(ref="INC-2", number=1) == []
    assert await numbers(drill="true", status="over") == []


async def test_services_by_their_fields(client: httpx2.AsyncClient, service: dict[str, Any]) -> None:
    policy = str(uuid4())
    body = {"name": "Mail", "escalation_policy_id": policy, "auto_resolve": False}
    await client.put(f"{SERVICES}/by-slug/mail", json=body)

    async def slugs(**params: Any) -> list[str]:
        return [item["slug"] for item in await found(client, SERVICES, **params)]

    assert await slugs() == ["checkout", "mail"]
    assert (await slugs(slug="mail"), await slugs(slug="post")) == (["mail"], [])
    assert (await slugs(name="TILL"), await slugs(name="Checkout"), await slugs(name="x")) == (
        ["checkout"],
        ["checkout"],
        [],
    )
    assert await slugs(team_id=service["team_id"]) == ["checkout"]
    assert await slugs(escalation_policy_id=policy) == ["mail"]
    assert await slugs(auto_resolve="true") == ["checkout"]


async def test_a_timeline_by_kind(client: httpx2.AsyncClient, service: dict[str, Any]) -> None:
    timeline = f"{INCIDENTS}/3/timeline"
    assert [entry["kind"] for entry in await found(client, timeline, kind="resolved")] == ["resolved"]
    assert len(await found(client, timeline, kind=["resolved", "opened"])) == 2
    assert (await client.get(timeline, params={"kind": "x"})).status_code == 422


async def test_rare_incidents_are_found_by_their_own_index(app: FastAPI, client: httpx2.AsyncClient) -> None:
    async with app.state.service.database.read() as conn:
        await conn.execute(text("SET LOCAL enable_seqscan = off"))
        for condition, index in (("drill", "ix_incidents_drills"), ("NOT public", "ix_incidents_private")):
            query = f"EXPLAIN SELECT id FROM incidents WHERE {condition} ORDER BY rank, number DESC LIMIT 51"
            plan = "\n".join(row[0] for row in await conn.execute(text(query)))
            assert index in plan
