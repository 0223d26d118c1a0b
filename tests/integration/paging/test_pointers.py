"""Whatever is refused for what it says points at the field or the parameter that is wrong."""

from typing import Any

import httpx2
import pytest

from tests.integration.paging.stage import Stage

SCHEDULES, POLICIES, TOKENS, TEAMS = (
    f"/api/v1/{name}" for name in ("schedules", "escalation-policies", "tokens", "teams")
)
NOBODY = "00000000-0000-0000-0000-000000000007"
ANA = {"user": "ana@example.org"}
TIMES = {"starts_at": "2026-12-01T00:00:00Z", "ends_at": "2026-12-02T00:00:00Z"}
ROTATION = {"participants": ["ana@example.org"]}

WRONG: list[tuple[str, str, Any, str]] = [
    ("POST", SCHEDULES, {"name": "X", "team": "nowhere"}, "/team"),
    (
        "POST",
        SCHEDULES,
        {
            "name": "X",
            "rotations": {"secondary": {"participants": ["ana@example.org", "nobody@example.org"]}},
        },
        "/rotations/secondary/participants/1",
    ),
    (
        "POST",
        SCHEDULES,
        {"name": "X", "rotations": {"primary": {"participants": ["ana@example.org"] * 2}}},
        "/rotations/primary/participants",
    ),
    ("PUT", f"{SCHEDULES}/by-slug/one", {"name": "X", "slug": "two"}, "/slug"),
    ("POST", f"{SCHEDULES}/CORE/overrides", {**ANA, **TIMES, "ends_at": "2026-11-01T00:00:00Z"}, "/ends_at"),
    ("POST", f"{SCHEDULES}/CORE/overrides", {**ANA, **TIMES, "ends_at": "2028-01-01T00:00:00Z"}, "/ends_at"),
    ("POST", f"{SCHEDULES}/CORE/overrides", {"user": "nobody@example.org", **TIMES}, "/user"),
    ("POST", f"{SCHEDULES}/CORE/overrides", {**ANA, **TIMES, "replaces": NOBODY}, "/replaces"),
    ("GET", f"{SCHEDULES}/CORE/shifts?end=2020-01-01T00:00:00Z", None, "end"),
    (
        "POST",
        POLICIES,
        {"name": "P", "steps": [{"targets": [ANA, {"team": "x"}]}]},
        "/steps/0/targets/1/team",
    ),
    (
        "POST",
        POLICIES,
        {"name": "P", "steps": [{"targets": [ANA]}, {"targets": [{"schedule": "x"}]}]},
        "/steps/1/targets/0/schedule",
    ),
    ("POST", POLICIES, {"name": "P", "team": "nowhere", "steps": [{"targets": [ANA]}]}, "/team"),
    ("PUT", f"{POLICIES}/by-slug/one", {"name": "P", "slug": "two", "steps": [{"targets": [ANA]}]}, "/slug"),
    (
        "PUT",
        f"{POLICIES}/by-slug/core",
        {"name": "P", "default": False, "steps": [{"targets": [ANA]}]},
        "/default",
    ),
    ("GET", "/api/v1/on-call?service=a&policy=b", None, "policy"),
    ("POST", TOKENS, {"name": "t", "scopes": ["*"], "owner_id": NOBODY}, "/owner_id"),
    ("POST", TOKENS, {"name": "t", "scopes": ["*"], "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
    ("POST", TOKENS, {"name": "t", "scopes": []}, "/scopes"),
    ("POST", TEAMS, {"name": "T", "members": ["nobody@example.org"]}, "/members"),
    ("POST", TEAMS, {"name": "T", "member_ids": [NOBODY]}, "/member_ids"),
]


@pytest.fixture
async def core(client: httpx2.AsyncClient, stage: Stage) -> str:
    """A schedule and a default policy called core, and Ana. Gives the schedule's id."""
    await stage.person("Ana")
    made = await client.post(SCHEDULES, json={"name": "Core", "rotations": {"primary": ROTATION}})
    await client.post(POLICIES, json={"name": "Core", "steps": [{"targets": [ANA]}]})
    return str(made.json()["id"])


async def test_what_is_wrong_is_pointed_at(
    client: httpx2.AsyncClient, core: str, subtests: pytest.Subtests
) -> None:
    for method, path, body, pointer in WRONG:
        with subtests.test(path=path, pointer=pointer):
            answer = await client.request(method, path.replace("CORE", core), json=body)
            assert answer.status_code == 422, answer.text
            problem = answer.json()
            assert [error["pointer"] for error in problem["errors"]] == [pointer]
            assert problem["errors"][0]["detail"]


async def test_an_idempotency_key_used_before_is_what_is_wrong(client: httpx2.AsyncClient, core: str) -> None:
    keyed = {"Idempotency-Key": "once"}
    assert (await client.post(TEAMS, json={"name": "One"}, headers=keyed)).status_code == 201
    again = await client.post(TEAMS, json={"name": "Two"}, headers=keyed)
    assert (again.status_code, again.json()["errors"][0]["pointer"]) == (422, "Idempotency-Key")
