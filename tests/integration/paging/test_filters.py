"""Every small field of what paging keeps is a filter of its list; short lists come in pages, too."""

from typing import Any

import httpx2
import pytest

from tests.integration.paging.stage import Stage
from tocsin_events.incidents import IncidentOpened

USERS, TEAMS, TOKENS = "/api/v1/users", "/api/v1/teams", "/api/v1/tokens"
SCHEDULES, POLICIES, PAGES = "/api/v1/schedules", "/api/v1/escalation-policies", "/api/v1/pages"
NOBODY = "00000000-0000-0000-0000-000000000007"


async def made(client: httpx2.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    item: dict[str, Any] = answer.json()
    return item


async def found(client: httpx2.AsyncClient, path: str, *, by: str = "name", **params: Any) -> list[Any]:
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return [item[by] for item in answer.json()["items"]]


async def paged(client: httpx2.AsyncClient, path: str, **params: Any) -> list[dict[str, Any]]:
    """All of a list, one item a page, by the Link header."""
    items: list[dict[str, Any]] = []
    answer = await client.get(path, params={**params, "limit": 1})
    while True:
        page = answer.json()
        assert len(page["items"]) <= 1
        items += page["items"]
        if page["next"] is None:
            return items
        answer = await client.get(answer.headers["link"].partition(">")[0].removeprefix("<"))


@pytest.fixture
async def ana(client: httpx2.AsyncClient) -> dict[str, Any]:
    """Ana in Berlin, in the team Core; Bo in UTC, in none."""
    ana = await made(
        client, USERS, name="Ana", email="ana@example.org", timezone="Europe/Berlin", slack_user_id="U1"
    )
    await made(client, USERS, name="Bo", email="bo@example.org", role="admin")
    await made(client, TEAMS, name="Core", member_ids=[ana["id"]])
    await made(client, TEAMS, name="Shop")
    return ana


async def test_people_and_teams_by_their_fields(client: httpx2.AsyncClient, ana: dict[str, Any]) -> None:
    wanted = {"name": "Ana", "timezone": "Europe/Berlin", "slack_user_id": "U1", "email": "ANA@example.org"}
    for name, value in wanted.items():
        assert await found(client, USERS, **{name: value}) == ["Ana"], name
        assert await found(client, USERS, **{name: "x"}) == [], name
    assert await found(client, TEAMS) == ["Core", "Shop"]
    for name, value in {"slug": "core", "name": "Core", "member_id": ana["id"]}.items():
        assert await found(client, TEAMS, **{name: value}) == ["Core"], name
    assert await found(client, TEAMS, member_id=NOBODY) == []


async def test_schedules_and_policies_by_their_fields(
    client: httpx2.AsyncClient, ana: dict[str, Any]
) -> None:
    schedule = await made(client, SCHEDULES, name="Core", timezone="Europe/Berlin", team="core")
    await made(client, SCHEDULES, name="Shop")
    for name, value in {"slug": "core", "timezone": "Europe/Berlin", "team_id": schedule["team_id"]}.items():
        assert await found(client, SCHEDULES, **{name: value}) == ["Core"], name
    assert await found(client, SCHEDULES, name="x") == []
    steps = [{"targets": [{"user": "ana@example.org"}]}]
    await made(client, POLICIES, name="Core", team="core", steps=steps)
    await made(client, POLICIES, name="Shop", steps=steps)
    for name, value in {
        "slug": "core",
        "name": "Core",
        "team_id": schedule["team_id"],
        "default": "true",
    }.items():
        assert await found(client, POLICIES, **{name: value}) == ["Core"], name
    assert await found(client, POLICIES, default="false") == ["Shop"]


async def test_tokens_by_their_fields(client: httpx2.AsyncClient, ana: dict[str, Any]) -> None:
    body = {"scopes": ["paging:read"], "owner_id": ana["id"]}
    first = await made(client, TOKENS, name="first", **body)
    await made(client, TOKENS, name="second", **body)
    await client.delete(f"{TOKENS}/{first['id']}")
    assert await found(client, TOKENS, owner_id=ana["id"]) == ["second", "first"]
    assert await found(client, TOKENS, name="first") == ["first"]
    assert await found(client, TOKENS, prefix=first["prefix"]) == ["first"]
    assert await found(client, TOKENS, state="revoked") == ["first"]
    assert await found(client, TOKENS, state="active", owner_id=ana["id"]) == ["second"]
    assert await found(client, TOKENS, state="expired") == []


async def test_nobody_sees_others_tokens_by_asking_for_their_owner(
    client: httpx2.AsyncClient, ana: dict[str, Any]
) -> None:
    made_for = await made(client, TOKENS, name="hers", scopes=["paging:read"], owner_id=ana["id"])
    await made(client, TOKENS, name="nobody's", scopes=["paging:read"], owner_id=None)
    client.headers["Authorization"] = f"Bearer {made_for['token']}"
    assert await found(client, TOKENS) == ["hers"]
    assert await found(client, TOKENS, owner_id=NOBODY) == []


async def test_pages_by_contact_method(client: httpx2.AsyncClient, stage: Stage) -> None:
    ana = await stage.person("Ana")
    await made(client, POLICIES, name="Core", steps=[{"targets": [{"user": "ana@example.org"}]}])
    await stage.hear(IncidentOpened(incident=stage.incident()))
    (mine,) = await found(client, f"{USERS}/{ana}/contact-methods", by="id")
    assert set(await found(client, PAGES, by="user", contact_method_id=mine)) == {"Ana"}
    assert await found(client, PAGES, contact_method_id=NOBODY) == []


async def test_contact_methods_in_pages(client: httpx2.AsyncClient, ana: dict[str, Any]) -> None:
    path = f"{USERS}/{ana['id']}/contact-methods"
    for number in range(3):
        await made(client, path, channel="email", address=f"ana{number}@example.org", enabled=number > 0)
    every = await found(client, path, by="address")
    assert [item["address"] for item in await paged(client, path)] == every
    assert len(every) == len(set(every)) >= 3
    assert await found(client, path, by="address", enabled="false") == ["ana0@example.org"]
    assert await found(client, path, by="address", channel="webhook") == []


async def test_overrides_in_pages(client: httpx2.AsyncClient, ana: dict[str, Any]) -> None:
    schedule = await made(client, SCHEDULES, name="Core")
    path = f"{SCHEDULES}/{schedule['id']}/overrides"
    times = {"starts_at": "2026-12-01T00:00:00Z", "ends_at": "2026-12-02T00:00:00Z"}
    for who, role in (("ana", "primary"), ("bo", "primary"), ("ana", "secondary")):
        await made(client, path, user=f"{who}@example.org", role=role, **times)
    assert [item["role"] for item in await paged(client, path)] == ["primary", "primary", "secondary"]
    assert await found(client, path, by="role", user_id=ana["id"]) == ["primary", "secondary"]
    assert await found(client, path, by="user_id", role="secondary") == [ana["id"]]
