"""What is put by its name: not over what somebody else has changed since, and no second one of that name."""

from typing import Any

import httpx2
import pytest

from tests.integration.paging.stage import Stage

Client = httpx2.AsyncClient
STEPS: list[dict[str, Any]] = [{"targets": [{"user": "bo@example.org"}]}]
NAMED: list[tuple[str, str, dict[str, Any]]] = [
    ("/api/v1/users", "by-email/ana@example.org", {"name": "Ana"}),
    ("/api/v1/teams", "by-slug/core", {"name": "Core"}),
    ("/api/v1/schedules", "by-slug/core", {"name": "Core"}),
    ("/api/v1/escalation-policies", "by-slug/core", {"name": "Core", "steps": STEPS}),
]


@pytest.mark.parametrize(("path", "name", "body"), NAMED)
async def test_put_begins_from_the_version_that_if_match_names(
    client: Client, stage: Stage, path: str, name: str, body: dict[str, Any]
) -> None:
    await stage.person("Bo")

    async def put(wanted: str, if_match: str) -> httpx2.Response:
        return await client.put(
            f"{path}/{name}", json=body | {"name": wanted}, headers={"If-Match": if_match} if if_match else {}
        )

    for if_match in ('"1"', "*"):
        missing = await put("Core", if_match)
        assert (missing.status_code, missing.json()["code"]) == (412, "changed_meanwhile")
        assert "ETag" not in missing.headers
    assert (await put("Core", "")).status_code == 201
    stale = await put("Other", '"7"')
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"1"')
    fresh = await put("Other", '"1"')
    assert (fresh.status_code, fresh.headers["ETag"], fresh.json()["name"]) == (200, '"2"', "Other")
    assert (await put("Any", "*")).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [(path, body | ({"email": "ana@example.org"} if "users" in path else {})) for path, _, body in NAMED],
)
async def test_a_second_one_of_the_same_name_is_refused_as_such(
    client: Client, stage: Stage, path: str, body: dict[str, Any]
) -> None:
    await stage.person("Bo")
    assert (await client.post(path, json=body)).status_code == 201
    again = await client.post(path, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
