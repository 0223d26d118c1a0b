"""Somebody who is removed is on call no more: the next colleague is, at once, and is paged."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.integration.paging.stage import MINUTE, Stage
from tocsin_runtime.clock import ManualClock

Client = httpx2.AsyncClient


@pytest.fixture
async def ids(client: Client) -> dict[str, str]:
    """Three people, a schedule of them in that order, and a policy: primary, then Ana, then Ana or Cy."""
    found = {}
    for name in ("Ana", "Bo", "Cy"):
        answer = await client.post(
            "/api/v1/users", json={"name": name, "email": f"{name.lower()}@example.org"}
        )
        found[name] = answer.json()["id"]
    rotation = {"participants": list(found.values()), "handoff_day": "monday", "handoff_time": "09:00"}
    body: dict[str, Any] = {"name": "Core", "timezone": "UTC", "rotations": {"primary": rotation}}
    found["schedule"] = (await client.post("/api/v1/schedules", json=body)).json()["id"]
    steps = [
        [{"schedule": "core"}],
        [{"user": found["Ana"]}],
        [{"user": found["Ana"]}, {"user": found["Cy"]}],
    ]
    policy = {"name": "Core", "steps": [{"targets": targets, "delay_seconds": 300} for targets in steps]}
    found["policy"] = (await client.post("/api/v1/escalation-policies", json=policy)).json()["id"]
    return found


async def on_call(client: Client) -> str | None:
    [item] = (await client.get("/api/v1/on-call", params={"schedule": "core"})).json()["items"]
    name: str | None = item["user"]
    return name


async def cover(client: Client, ids: dict[str, str], clock: ManualClock, **override: object) -> None:
    """An override that began a minute ago."""
    times = {"starts_at": clock.moment, "ends_at": clock.moment + timedelta(hours=3)}
    body = {**{name: at.isoformat() for name, at in times.items()}, **override}
    answer = await client.post(f"/api/v1/schedules/{ids['schedule']}/overrides", json=body)
    assert answer.status_code == 201, answer.text
    clock.forward(MINUTE)


async def test_the_next_colleague_is_on_call_and_is_paged(
    client: Client, stage: Stage, ids: dict[str, str], clock: ManualClock
) -> None:
    assert await on_call(client) == "Ana"
    clock.forward(timedelta(hours=1))
    assert (await client.delete(f"/api/v1/users/{ids['Ana']}")).status_code == 204
    assert await on_call(client) == "Bo"
    schedule = (await client.get(f"/api/v1/schedules/{ids['schedule']}")).json()
    assert schedule["rotations"]["primary"]["participants"] == [ids["Bo"], ids["Cy"]]
    assert schedule["version"] == 2
    since = {"start": (clock.moment - 30 * MINUTE).isoformat()}
    shifts = (await client.get(f"/api/v1/schedules/{ids['schedule']}/shifts", params=since)).json()["items"]
    assert [shift["user_id"] for shift in shifts[:2]] == [ids["Ana"], ids["Bo"]], "what was stays as it was"
    incident = await stage.open()
    assert await stage.told_to(incident) == [(1, 1, "Bo")]


async def test_overrides_of_who_is_removed_end(
    client: Client, ids: dict[str, str], clock: ManualClock
) -> None:
    await cover(client, ids, clock, user=ids["Cy"])
    assert await on_call(client) == "Cy"
    assert (await client.delete(f"/api/v1/users/{ids['Cy']}")).status_code == 204
    assert await on_call(client) == "Ana"
    await cover(client, ids, clock, user=ids["Bo"], replaces=ids["Ana"])
    assert (await client.delete(f"/api/v1/users/{ids['Ana']}")).status_code == 204
    assert await on_call(client) == "Bo"
    overrides = (await client.get(f"/api/v1/schedules/{ids['schedule']}/overrides")).json()
    assert overrides["items"] == []


async def test_policies_name_them_no_more_and_the_next_step_acts(
    client: Client, stage: Stage, ids: dict[str, str]
) -> None:
    assert (await client.delete(f"/api/v1/users/{ids['Ana']}")).status_code == 204
    policy = (await client.get(f"/api/v1/escalation-policies/{ids['policy']}")).json()
    assert [[target["id"] for target in step["targets"]] for step in policy["steps"]] == [
        [ids["schedule"]],
        [],
        [ids["Cy"]],
    ]
    incident = await stage.open()
    await stage.forward(5 * MINUTE)
    assert await stage.told_to(incident) == [(1, 1, "Bo"), (1, 3, "Cy")]


async def test_the_last_of_a_rotation_leaves_a_gap_that_is_told(client: Client, ids: dict[str, str]) -> None:
    for name in ("Ana", "Bo", "Cy"):
        assert (await client.delete(f"/api/v1/users/{ids[name]}")).status_code == 204
    assert await on_call(client) is None
