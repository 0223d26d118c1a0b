"""The API as its callers know it: resources, refusals, and the same answer from every side."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.integration.paging.stage import Stage
from tocsin_events.directory import EscalationPolicyChanged
from tocsin_events.incidents import IncidentOpened
from tocsin_paging.usecases.schedules import ScheduleWish, create_schedule
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database
from tocsin_runtime.ids import new_id
from tocsin_testkit.told import told
from tocsin_testkit.waiting import eventually

Client = httpx2.AsyncClient
ROTATION = {
    "participants": ["ana@example.org", "bo@example.org"],
    "handoff_day": "monday",
    "handoff_time": "09:00",
}
CORE: dict[str, Any] = {"name": "Core", "timezone": "Europe/Berlin", "rotations": {"primary": ROTATION}}
POLICY: dict[str, Any] = {
    "name": "Core",
    "steps": [
        {"targets": [{"schedule": "core"}], "delay_seconds": 300},
        {"targets": [{"user": "bo@example.org"}], "delay_seconds": 600},
    ],
}


@pytest.fixture
async def people(client: Client, stage: Stage) -> dict[str, str]:
    return {name.lower(): str(await stage.person(name)) for name in ("Ana", "Bo", "Cy")}


async def made(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["Location"].endswith(found["id"])
    there = await client.get(answer.headers["Location"])
    assert (there.status_code, there.headers.get("ETag")) == (200, answer.headers.get("ETag")), there.text
    assert there.json() == {name: found[name] for name in there.json()}
    return found


async def test_a_schedule_from_making_to_removing(client: Client, people: dict[str, str]) -> None:
    schedule = await made(client, "/api/v1/schedules", CORE)
    assert schedule["slug"] == "core"
    assert schedule["rotations"]["primary"]["participants"] == [people["ana"], people["bo"]]
    path = f"/api/v1/schedules/{schedule['id']}"
    assert (await client.post("/api/v1/schedules", json=CORE)).status_code == 409
    wider = {**ROTATION, "participants": [*ROTATION["participants"], "cy@example.org"]}
    stale = await client.patch(path, json={"rotations": {"primary": wider}}, headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    changed = await client.patch(path, json={"rotations": {"primary": wider}}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    listed = (await client.get("/api/v1/schedules")).json()
    assert [item["id"] for item in listed["items"]] == [schedule["id"]]
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_of_many_who_make_the_same_at_once_one_does_and_the_others_are_told(
    client: Client, people: dict[str, str]
) -> None:
    for path, body in (("/api/v1/schedules", CORE), ("/api/v1/escalation-policies", POLICY)):
        answers = await asyncio.gather(*(client.post(path, json=body) for _ in range(20)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19


async def test_shifts_and_on_call_agree_and_say_why(
    client: Client, people: dict[str, str], clock: ManualClock
) -> None:
    schedule = await made(client, "/api/v1/schedules", CORE)
    path = f"/api/v1/schedules/{schedule['id']}"
    override = {
        "user": "cy@example.org",
        "starts_at": (clock.moment + timedelta(hours=1)).isoformat(),
        "ends_at": (clock.moment + timedelta(hours=3)).isoformat(),
        "note": "dentist",
    }
    taken = await made(client, f"{path}/overrides", override)
    shifts = (await client.get(f"{path}/shifts")).json()["items"]
    assert [shift["user"] for shift in shifts] == ["Ana", "Cy", "Ana", "Bo", "Ana"]
    for shift in shifts:
        answer = await client.get("/api/v1/on-call", params={"schedule": "core", "at": shift["starts_at"]})
        [item] = answer.json()["items"]
        assert (item["user_id"], item["why"]) == (shift["user_id"], shift["why"])
        if item["until"] and shift is not shifts[-1]:
            assert datetime.fromisoformat(item["until"]) == datetime.fromisoformat(shift["ends_at"])
    assert shifts[1]["why"] == "override made by admin token"
    assert await _paged(client, f"{path}/shifts", limit=1, clock=clock) == shifts
    assert (await client.delete(f"{path}/overrides/{taken['id']}")).status_code == 204
    assert (await client.get(f"{path}/overrides/{taken['id']}")).status_code == 404
    again = await made(client, f"{path}/overrides", override)
    assert (await client.get(f"/api/v1/schedules/{new_id()}/overrides/{again['id']}")).status_code == 404
    clock.forward(timedelta(hours=4))
    assert (await client.get(f"{path}/overrides/{again['id']}")).json() == again, "it has ended, and was"
    assert (await client.get(f"{path}/overrides")).json()["items"] == []


async def _paged(
    client: Client, path: str, *, limit: int, clock: ManualClock | None = None
) -> list[dict[str, Any]]:
    """The items of all pages, so many on each, while time goes by."""
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (
            await client.get(path, params={"limit": limit} | ({"cursor": cursor} if cursor else {}))
        ).json()
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next"]
        if clock is not None:
            clock.forward(timedelta(minutes=1))
    return items


async def test_who_is_on_call_comes_in_pages_too(client: Client, people: dict[str, str]) -> None:
    both = CORE | {"rotations": {"primary": ROTATION, "secondary": ROTATION}}
    for number in range(5):
        body = both if number % 2 else CORE
        await made(client, "/api/v1/schedules", body | {"name": f"Team {number}", "slug": f"team-{number}"})
    whole = (await client.get("/api/v1/on-call")).json()
    assert len(whole["items"]) == 7
    assert whole["next"] is None
    for limit in (1, 2, 3):
        assert await _paged(client, "/api/v1/on-call", limit=limit) == whole["items"]
    first = (await client.get("/api/v1/on-call", params={"limit": 1})).json()
    other = {"schedule": "team-1", "cursor": first["next"]}
    assert (await client.get("/api/v1/on-call", params=other)).status_code == 200


async def test_no_schedule_is_left_out_of_who_is_on_call(client: Client, stage: Stage) -> None:
    async with stage.open_uow() as uow:
        for number in range(203):
            await create_schedule(uow, f"s-{number}", ScheduleWish(f"S {number}", "UTC"))
    found = await _paged(client, "/api/v1/on-call", limit=200)
    assert [item["schedule"]["slug"] for item in found] == [f"s-{number}" for number in range(203)]
    assert "S 202" in (await client.get("/on-call/fragments/now")).text


async def test_a_schedule_put_twice_is_the_same_and_moves_nobody(
    client: Client, people: dict[str, str], clock: ManualClock
) -> None:
    first = await client.put("/api/v1/schedules/by-slug/core", json=CORE)
    again = await client.put("/api/v1/schedules/by-slug/core", json=CORE)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    clock.forward(timedelta(days=2))
    turned = {**ROTATION, "participants": ["cy@example.org", "ana@example.org", "bo@example.org"]}
    changed = await client.put(
        "/api/v1/schedules/by-slug/core", json={**CORE, "rotations": {"primary": turned}}
    )
    assert changed.json()["version"] == 2
    [item] = (await client.get("/api/v1/on-call")).json()["items"]
    assert item["user"] == "Ana"
    gone = await client.put("/api/v1/schedules/by-slug/core", json={**CORE, "rotations": {}})
    assert gone.status_code == 200
    [item] = (await client.get("/api/v1/on-call")).json()["items"]
    assert (item["user"], item["reason"]) == (None, "nobody_in_rotation")


async def test_policies_are_told_to_everybody(
    client: Client, people: dict[str, str], database: Database
) -> None:
    await made(client, "/api/v1/schedules", CORE)
    policy = await made(client, "/api/v1/escalation-policies", POLICY)
    assert (policy["default"], policy["ack_timeout_seconds"], policy["repeats"]) == (True, 1800, 2)
    again = await client.put("/api/v1/escalation-policies/by-slug/core", json=POLICY)
    assert (again.status_code, again.json()["version"]) == (200, 1)
    path = f"/api/v1/escalation-policies/{policy['id']}"
    changed = await client.put(path, json={**POLICY, "repeats": 1, "ack_timeout_seconds": None})
    assert (changed.json()["version"], changed.json()["ack_timeout_seconds"]) == (2, None)
    assert (await client.delete(path)).status_code == 409
    second = await made(client, "/api/v1/escalation-policies", {**POLICY, "slug": "other", "default": True})
    assert second["default"]
    assert (await client.delete(path)).status_code == 204
    events = await told(database, EscalationPolicyChanged)
    assert [(e.slug, e.version, e.deleted) for e in events if isinstance(e, EscalationPolicyChanged)] == [
        ("core", 1, False),
        ("core", 2, False),
        ("other", 1, False),
        ("core", 3, True),
    ]


async def test_who_would_be_paged_step_by_step(client: Client, people: dict[str, str]) -> None:
    schedule = await made(client, "/api/v1/schedules", CORE)
    await made(client, "/api/v1/escalation-policies", POLICY)
    items = (await client.get("/api/v1/on-call", params={"policy": "core"})).json()["items"]
    assert [(item["step"], item["user"]) for item in items] == [(1, "Ana"), (2, "Bo")]
    assert items[0]["why"] == "primary on call for Core: turn 1 of the primary rotation"
    [primary, *_] = (await client.get("/api/v1/on-call", params={"schedule": "core"})).json()["items"]
    assert primary["until"]
    assert [items[0][end] for end in ("since", "until")] == [primary[end] for end in ("since", "until")]
    assert (await client.delete(f"/api/v1/schedules/{schedule['id']}")).status_code == 409
    assert (await client.get("/api/v1/on-call", params={"policy": "x"})).status_code == 404
    assert (await client.get("/api/v1/on-call", params={"policy": "x", "schedule": "y"})).status_code == 422


BAD_SCHEDULES: list[dict[str, Any]] = [
    {},
    {"name": ""},
    {"name": "X", "timezone": "Mars/Olympus"},
    {"name": "X", "rotations": {"tertiary": ROTATION}},
    {"name": "X", "rotations": {"primary": {**ROTATION, "participants": ["nobody@example.org"]}}},
    {"name": "X", "rotations": {"primary": {**ROTATION, "participants": ["ana@example.org"] * 2}}},
    {"name": "X", "rotations": {"primary": {**ROTATION, "handoff_day": "caturday"}}},
    {"name": "X", "rotations": {"primary": {**ROTATION, "handoff_time": "25:00"}}},
    {"name": "X", "rotations": {"primary": {**ROTATION, "weeks": 0}}},
    {"name": "X", "rotations": {"primary": {**ROTATION, "effective_from": "2026-01-01T00:00:00"}}},
    {"name": "X", "team": "nowhere"},
    {"name": "X", "surprise": 1},
]
BAD_POLICIES: list[dict[str, Any]] = [
    {"name": "P", "steps": []},
    {"name": "P", "steps": [{"targets": []}]},
    {"name": "P", "steps": [{"targets": [{"user": "nobody@example.org"}]}]},
    {"name": "P", "steps": [{"targets": [{"user": "ana@example.org", "team": "x"}]}]},
    {"name": "P", "steps": [{"targets": [{"user": "ana@example.org", "role": "primary"}]}]},
    {"name": "P", "steps": [{"targets": [{"schedule": "nowhere"}]}]},
    {"name": "P", "steps": [{"targets": [{"user": "ana@example.org"}], "delay_seconds": 0}]},
    {"name": "P", "steps": [{"targets": [{"user": "ana@example.org"}]}], "repeats": 6},
    {"name": "P", "steps": [{"targets": [{"user": "ana@example.org"}]}], "ack_timeout_seconds": 0},
]


async def test_what_cannot_be_is_refused(client: Client, people: dict[str, str]) -> None:
    for body in BAD_SCHEDULES:
        answer = await client.post("/api/v1/schedules", json=body)
        problem = answer.headers["content-type"]
        assert (answer.status_code, problem) == (422, "application/problem+json"), body
    for body in BAD_POLICIES:
        assert (await client.post("/api/v1/escalation-policies", json=body)).status_code == 422, body
    for params in ({"at": "yesterday"}, {"at": "1066-10-14T09:00:00Z"}, {"at": "2026-11-24T09:00:00"}):
        assert (await client.get("/api/v1/on-call", params=params)).status_code == 422


async def test_hostile_text_is_stored_as_text(client: Client, people: dict[str, str]) -> None:
    name = "<script>\x00alert(1)</script>"
    schedule = await made(client, "/api/v1/schedules", {**CORE, "name": name, "slug": "hostile"})
    assert schedule["name"] == "<script>alert(1)</script>"
    never = await client.get(
        f"/api/v1/schedules/{schedule['id']}/shifts", params={"end": "9999-12-31T23:59:59Z"}
    )
    assert never.status_code == 422
    edge = await client.get("/api/v1/on-call", params={"at": "9999-12-31T23:59:59Z"})
    assert edge.status_code == 422


async def test_contact_methods(client: Client, people: dict[str, str]) -> None:
    path = f"/api/v1/users/{people['ana']}/contact-methods"
    mail = await made(
        client, path, {"channel": "email", "address": "ana@phone.example.org", "label": "Phone"}
    )
    assert (
        await client.post(path, json={"channel": "email", "address": "ana@phone.example.org"})
    ).status_code == 409
    hook = await made(client, path, {"channel": "webhook", "address": "https://8.8.8.8/hook?key=1"})
    assert hook["signing_secret"].startswith("whsec_")
    assert hook["address"] == "https://8.8.8.8/hook?…"
    chat = await made(
        client, path, {"channel": "apprise", "address": "tgram://123456789:abcdefg_hijklmnop/12345"}
    )
    assert chat["address"] == "tgram://…"
    off = await client.patch(f"{path}/{mail['id']}", json={"enabled": False})
    assert (off.json()["enabled"], off.json()["version"]) == (False, 2)
    assert (await client.delete(f"{path}/{chat['id']}")).status_code == 204
    assert len((await client.get(path)).json()["items"]) == 2
    put = {"items": [{"channel": "email", "address": "ana@phone.example.org", "label": "Phone"}]}
    first, again = await client.put(path, json=put), await client.put(path, json=put)
    assert first.json() == again.json()
    assert first.json()["items"][0]["enabled"]
    other = f"/api/v1/users/{people['bo']}/contact-methods/{mail['id']}"
    assert (await client.patch(other, json={"label": "x"})).status_code == 404
    assert [(await client.get(url)).status_code for url in (other, f"{path}/{chat['id']}")] == [404, 404]
    assert (
        await client.post(f"/api/v1/users/{new_id()}/contact-methods", json=put["items"][0])
    ).status_code == 404


async def test_contact_methods_are_compared_with_those_that_no_answer_shows_whole(
    client: Client, people: dict[str, str]
) -> None:
    path = f"/api/v1/users/{people['ana']}/contact-methods"
    hook = {"channel": "webhook", "address": "https://8.8.8.8/hook?key=1"}
    chat = {"channel": "apprise", "address": "tgram://123456789:abcdefg_hijklmnop/12345", "label": "Chat"}

    async def compared(*items: dict[str, Any]) -> list[str]:
        answer = await client.post(f"{path}/compare", json={"items": items})
        return [item["action"] for item in answer.json()["items"]]

    assert await compared(hook, chat) == ["create", "create"]
    assert (await client.put(path, json={"items": [hook, chat]})).status_code == 200
    assert await compared(chat, hook) == ["keep", "keep"]
    assert await compared({**hook, "enabled": False}, {**chat, "label": ""}) == ["change", "change"]
    assert await compared({**hook, "address": hook["address"] + "2"}) == ["create"]
    assert await compared({**chat, "address": chat["address"] + "6"}) == ["create"]


async def test_a_secret_of_a_webhook_is_kept_for_no_repeat(client: Client, people: dict[str, str]) -> None:
    path = f"/api/v1/users/{people['ana']}/contact-methods"
    hook = {"channel": "webhook", "address": "https://8.8.4.4/hook"}
    keyed = {"Idempotency-Key": "once"}
    assert (await client.post(path, json=hook, headers=keyed)).status_code == 201
    again = await client.post(path, json=hook, headers=keyed)
    assert (again.status_code, again.json()["code"]) == (409, "shown_before")
    assert (await client.delete(again.headers["Location"])).status_code == 204


REFUSED = [
    ("webhook", "http://127.0.0.1/"),
    ("webhook", "http://[::ffff:127.0.0.1]/"),
    ("webhook", "http://0x7f000001/"),
    ("webhook", "http://localhost./"),
    ("webhook", "http://169.254.169.254/latest/meta-data"),
    ("webhook", "ftp://example.org/"),
    ("apprise", "file:///etc/passwd"),
    ("apprise", "json://10.0.0.1/"),
    ("email", "ana@example.org\r\nBcc: x@example.org"),
    ("email", "not an address"),
    ("pigeon", "loft 4"),
]


async def test_addresses_that_cannot_be_paged(client: Client, people: dict[str, str]) -> None:
    path = f"/api/v1/users/{people['ana']}/contact-methods"
    for channel, address in REFUSED:
        answer = await client.post(path, json={"channel": channel, "address": address})
        assert answer.status_code == 422, address
        assert answer.json()["errors"][0]["pointer"] in ("/address", "/channel")


async def test_a_test_page_goes_to_every_contact_method(client: Client, people: dict[str, str]) -> None:
    answer = await client.post(f"/api/v1/users/{people['ana']}/test-page")
    assert answer.status_code == 202
    [page] = answer.json()["pages"]
    assert (page["kind"], page["channel"]) == ("test", "email")
    found = (await client.get(f"/api/v1/pages/{page['id']}")).json()
    assert found["user"] == "Ana"
    assert (await client.post(f"/api/v1/pages/{page['id']}/acknowledge")).status_code == 404


async def test_pages_are_listed_and_answered(client: Client, stage: Stage, people: dict[str, str]) -> None:
    await made(client, "/api/v1/schedules", CORE)
    await made(client, "/api/v1/escalation-policies", POLICY)
    incident = stage.incident()
    await stage.hear(IncidentOpened(incident=incident))
    listed = await client.get("/api/v1/pages", params={"incident_id": str(incident.incident_id)})
    page = listed.json()["items"][-1]  # the running service sends by itself, in vain, and goes on to Bo
    assert (page["user"], page["round"], page["step"]) == ("Ana", 1, 1)
    assert page["why"] == "primary on call for Core: turn 1 of the primary rotation"
    answered = await client.post(f"/api/v1/pages/{page['id']}/acknowledge")
    assert (answered.json()["reason"], answered.json()["acknowledged_by"]) == ("acknowledged", "Ana")
    again = await client.post(f"/api/v1/pages/{page['id']}/acknowledge")
    assert again.json()["reason"] == "already_acknowledged"
    others = (await client.get("/api/v1/pages", params={"user_id": people["bo"]})).json()["items"]
    assert {other["user"] for other in others} <= {"Bo"}
    assert (await client.post(f"/api/v1/pages/{new_id()}/acknowledge")).status_code == 404


async def test_pages_are_found_by_the_number_of_their_incident(
    client: Client, stage: Stage, people: dict[str, str]
) -> None:
    await made(client, "/api/v1/schedules", CORE)
    await made(client, "/api/v1/escalation-policies", POLICY)
    incident = stage.incident()
    await stage.hear(IncidentOpened(incident=incident))
    for name in (str(incident.incident_id), f"INC-{incident.number}", str(incident.number)):
        items = (await client.get("/api/v1/pages", params={"incident_id": name})).json()["items"]
        assert {item["incident_id"] for item in items} == {str(incident.incident_id)}
        assert "Ana" in (await client.get(f"/on-call/fragments/pages?incident_id={name}")).text
    assert (await client.get("/api/v1/pages", params={"incident_id": "INC-999"})).json()["items"] == []
    assert (await client.get("/api/v1/pages", params={"incident_id": "x"})).status_code == 422


async def test_the_running_service_sends_by_itself(
    client: Client, stage: Stage, people: dict[str, str]
) -> None:
    await made(client, "/api/v1/escalation-policies", {**POLICY, "steps": POLICY["steps"][1:]})
    incident = stage.incident()
    await stage.hear(IncidentOpened(incident=incident))

    async def failed() -> bool:
        pages = (await client.get("/api/v1/pages")).json()["items"]
        return bool(pages) and pages[0]["state"] == "failed"

    await eventually(failed, within=5)
    assert (await client.get("/api/v1/paging/openapi.json")).status_code == 200
    metrics = (await client.get("/metrics")).text
    assert 'tocsin_paging_pages_total{channel="email",outcome="failed"} 1.0' in metrics
