"""The JSON API: setting the page up again and again, publishing, planned work, messages, and bad input."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx2
import orjson
import pytest
from fastapi import FastAPI

from tests.integration.comms.room import SHOP, Room
from tocsin_access.directory import apply_entry
from tocsin_access.routes import route_table
from tocsin_chassis import once_told
from tocsin_events.directory import ServiceChanged
from tocsin_runtime.clock import ManualClock
from tocsin_testkit.waiting import eventually

PAGE = "/api/v1/status-page"
WANTED = {
    "name": "Acme",
    "description": "Shops for everybody",
    "time_zone": "Europe/Berlin",
    "components": [
        {"name": "Checkout", "description": "Baskets", "group": "Shop", "services": ["shop"]},
        {"name": "Mail", "services": [str(UUID(int=2))]},
    ],
}

BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "/name"),
    ({"name": "x" * 101}, "/name"),
    ({"time_zone": "Mars/Olympus"}, "/time_zone"),
    ({"url": "javascript:alert(1)"}, "/url"),
    ({"support_url": "http://["}, "/support_url"),
    ({"publish": "sometimes"}, "/publish"),
    ({"severity_states": {"SEV-9": "operational"}}, "/severity_states"),
    ({"templates": {"resolved": "$password"}}, "/templates"),
    ({"components": [{"name": "A", "services": ["nobody"]}]}, "/components/0/services/0"),
    ({"components": [{"name": "A", "colour": "red"}]}, "/components/0/colour"),
    ({"surprise": 1}, "/surprise"),
]


@pytest.fixture
async def told(app: FastAPI, client: httpx2.AsyncClient, clock: ManualClock) -> Room:
    """The running app's room; its directory knows the service `shop`."""
    room = Room(app.state.service.unit_of_work, clock)
    async with room.open_uow() as uow:
        await apply_entry(ServiceChanged(id=SHOP, version=1, name="The shop", slug="shop"), uow)
    return room


async def put(client: httpx2.AsyncClient, **changed: Any) -> httpx2.Response:
    return await client.put(PAGE, json={**WANTED, **changed})


async def test_a_service_may_be_named_before_it_is_told(
    app: FastAPI, client: httpx2.AsyncClient, told: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    # here entries do not come over the bus, by which it would know that it holds all
    monkeypatch.setattr(once_told, "SENT_WITHIN", 2.0)
    page = await put(client)
    asked = {
        "put": put(client, components=[{"name": "Web", "services": ["web"]}]),
        "post": client.post(f"{PAGE}/components", json={"name": "Search", "services": ["web"]}),
    }
    waiting = {name: asyncio.create_task(one) for name, one in asked.items()}
    done, _ = await asyncio.wait(waiting.values(), timeout=0.3)
    assert not done
    assert (await client.get(PAGE)).headers["etag"] == page.headers["etag"], "who waits holds nobody up"

    async with told.open_uow() as uow:
        await apply_entry(ServiceChanged(id=UUID(int=77), version=1, name="Web", slug="web"), uow)

    assert (await waiting["put"]).status_code == 200
    made = await waiting["post"]
    assert (made.status_code, made.json()["services"]) == (201, ["web"])


async def test_the_same_page_twice_changes_nothing(client: httpx2.AsyncClient, told: Room) -> None:
    first = (await put(client)).json()
    again = await put(client)
    assert again.json() == first
    assert [component["services"] for component in first["components"]] == [["shop"], [str(UUID(int=2))]]
    got = await client.get(PAGE)
    assert got.json() == first
    assert got.headers["etag"] == again.headers["etag"] == f'"{first["version"]}"'


async def test_what_get_gives_put_takes(client: httpx2.AsyncClient, told: Room) -> None:
    page = (await put(client)).json()
    for derived in ("id", "version", "updated_at"):
        del page[derived]
    for component in page["components"]:
        for derived in ("service_ids", "position", "state", "state_since"):
            del component[derived]
    assert (await client.put(PAGE, json=page)).json() == (await client.get(PAGE)).json()


async def test_a_component_keeps_its_history_when_it_is_renamed_moved_or_swapped(
    client: httpx2.AsyncClient, told: Room
) -> None:
    first, second = (await put(client)).json()["components"]
    swapped = [{"id": second["id"], "name": first["name"]}, {"id": first["id"], "name": second["name"]}]
    after = (await put(client, components=swapped)).json()["components"]
    assert [(one["id"], one["name"], one["position"]) for one in after] == [
        (second["id"], "Checkout", 0),
        (first["id"], "Mail", 1),
    ]


async def test_what_is_not_named_goes(client: httpx2.AsyncClient, told: Room) -> None:
    await put(client)
    left = (await put(client, components=[{"name": "checkout"}])).json()["components"]
    assert [component["name"] for component in left] == ["checkout"]


async def test_what_is_left_out_stays_as_it_is(client: httpx2.AsyncClient, told: Room) -> None:
    own = {"severity_states": {"SEV-4": "degraded_performance"}, "templates": {"resolved": "Done."}}
    await put(client, **own)
    left = {"name": "Acme", "time_zone": "Europe/Berlin"}
    after = (await client.put(PAGE, json=left)).json()
    assert after["severity_states"]["SEV-4"] == "degraded_performance"
    assert after["templates"] == {"resolved": "Done."}
    assert [component["name"] for component in after["components"]] == ["Checkout", "Mail"]


async def test_two_people_cannot_overwrite_each_other(client: httpx2.AsyncClient, told: Room) -> None:
    old = (await put(client)).headers["etag"]
    await put(client, name="Acme two")
    answer = await client.put(PAGE, json=WANTED, headers={"If-Match": old})
    assert answer.status_code == 412


@pytest.mark.parametrize(
    ("place", "body"),
    [
        ("components", {"name": "Search"}),
        (
            "maintenances",
            {"name": "Upgrade", "starts_at": "2026-11-24T08:00:00Z", "ends_at": "2026-11-25T11:00:00Z"},
        ),
    ],
)
async def test_nor_what_is_on_the_page(
    client: httpx2.AsyncClient, told: Room, place: str, body: dict[str, Any]
) -> None:
    component = (await put(client)).json()["components"][0]["id"]
    body = body if place == "components" else {**body, "component_ids": [component]}
    made = await client.post(f"{PAGE}/{place}", json=body)
    one, old = f"{PAGE}/{place}/{made.json()['id']}", {"If-Match": made.headers["etag"]}
    assert (await client.get(one)).headers["etag"] == made.headers["etag"]
    changed = await client.put(one, json={**body, "name": "Other"}, headers=old)
    assert changed.status_code == 200
    assert (await client.put(one, json=body, headers=old)).status_code == 412
    assert (await client.delete(one, headers=old)).status_code == 412
    assert (await client.get(one)).json()["name"] == "Other"
    fresh = {"If-Match": changed.headers["etag"]}
    assert (await client.delete(one, headers=fresh)).status_code == 204
    assert (await client.get(one)).status_code == 404


async def test_templates_that_no_column_takes_are_cleaned(client: httpx2.AsyncClient, told: Room) -> None:
    body = orjson.dumps({**WANTED, "templates": {"resolved": "Do"}}).replace(b'"Do"', b'"Do\\ud800ne"')
    answer = await client.put(PAGE, content=body, headers={"content-type": "application/json"})
    assert answer.json()["templates"] == {"resolved": "Do?ne"}


async def test_bad_pages_are_refused_and_named(client: httpx2.AsyncClient, told: Room) -> None:
    for wrong, pointer in BAD:
        answer = await put(client, **wrong)
        assert answer.status_code == 422, wrong
        assert answer.headers["content-type"] == "application/problem+json"
        assert any(error["pointer"].startswith(pointer) for error in answer.json()["errors"]), wrong


async def test_two_components_of_one_name_and_unknown_ids_are_refused(
    client: httpx2.AsyncClient, told: Room
) -> None:
    twice = await put(client, components=[{"name": "A"}, {"name": "a"}])
    unknown = await put(client, components=[{"id": str(uuid4()), "name": "A"}])
    assert (twice.status_code, unknown.status_code) == (409, 422)


async def test_nul_is_taken_out_of_names(client: httpx2.AsyncClient, told: Room) -> None:
    answer = await put(client, name="Ac\x00me", components=[{"name": "Check\x00out"}])
    assert answer.json()["name"] == "Acme"
    assert answer.json()["components"][0]["name"] == "Checkout"


async def test_components_one_by_one(client: httpx2.AsyncClient, told: Room) -> None:
    await put(client)
    made = await client.post(f"{PAGE}/components", json={"name": "Search", "services": ["The shop"]})
    assert (made.status_code, made.json()["position"], made.json()["services"]) == (201, 2, ["shop"])
    place = f"{PAGE}/components/{made.json()['id']}"
    changed = await client.put(place, json={"name": "Finding", "group": "Shop"})
    assert (changed.json()["name"], changed.json()["position"]) == ("Finding", 2)
    assert (await client.post(f"{PAGE}/components", json={"name": "finding"})).status_code == 409
    assert (await client.delete(place)).status_code == 204
    assert (await client.delete(place)).status_code == 404


async def test_publish_and_hide(client: httpx2.AsyncClient, told: Room) -> None:
    await put(client, publish="hold")
    await told.opened()
    answer = await client.post(f"{PAGE}/incidents/INC-42/publish", json={"title": "Slow baskets"})
    assert (answer.json()["visibility"], answer.json()["title"]) == ("public", "Slow baskets")
    hidden = await client.post(f"{PAGE}/incidents/42/hide")
    assert hidden.json()["visibility"] == "hidden"
    assert (await client.post(f"{PAGE}/incidents/INC-7/publish")).status_code == 404
    assert (await client.post(f"{PAGE}/incidents/nonsense/publish")).status_code == 422


async def test_a_drill_is_not_for_the_public(client: httpx2.AsyncClient, told: Room) -> None:
    await told.opened(drill=True)
    answer = await client.post(f"{PAGE}/incidents/INC-42/publish")
    assert answer.status_code == 409
    assert "a drill" in answer.json()["detail"]


async def test_planned_work_shows_while_it_goes_on(
    client: httpx2.AsyncClient, told: Room, clock: ManualClock
) -> None:
    component = (await put(client)).json()["components"][0]["id"]
    work = {"name": "Upgrade", "starts_at": "2026-11-24T10:00:00Z", "ends_at": "2026-11-24T11:00:00Z"}
    made = await client.post(f"{PAGE}/maintenances", json={**work, "component_ids": [component]})
    assert (made.status_code, made.json()["status"]) == (201, "scheduled")
    for hour, state in ((10, "under_maintenance"), (11, "operational")):
        clock.moment = clock.moment.replace(hour=hour)

        async def shows(state: str = state) -> bool:
            return bool((await client.get(PAGE)).json()["components"][0]["state"] == state)

        await eventually(shows, within=5)  # the app's own timers fire
    backwards = {**work, "ends_at": "2026-11-24T09:00:00Z", "component_ids": [component]}
    refused = await client.post(f"{PAGE}/maintenances", json=backwards)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/ends_at")
    endless = {**work, "ends_at": "9999-12-31T23:59:59.999999Z", "component_ids": [component]}
    assert (await client.post(f"{PAGE}/maintenances", json=endless)).status_code == 422


async def test_what_a_body_names_and_is_not_there_is_pointed_at(
    client: httpx2.AsyncClient, told: Room
) -> None:
    component = (await put(client)).json()["components"][0]["id"]
    work = {"name": "Upgrade", "starts_at": "2026-11-24T10:00:00Z", "ends_at": "2026-11-24T11:00:00Z"}
    made = await client.post(f"{PAGE}/maintenances", json={**work, "component_ids": [component]})
    nowhere = {**work, "component_ids": [component, str(uuid4())]}
    nobody = {"name": "Search", "services": ["shop", "nobody"]}
    unknown = {"name": "Search", "id": str(uuid4())}
    for refused, pointer in (
        (await client.post(f"{PAGE}/maintenances", json=nowhere), "/component_ids/1"),
        (await client.put(f"{PAGE}/maintenances/{made.json()['id']}", json=nowhere), "/component_ids/1"),
        (await put(client, components=[{"name": "Mail"}, unknown]), "/components/1/id"),
        (await client.post(f"{PAGE}/components", json=nobody), "/services/1"),
        (await client.put(f"{PAGE}/components/{component}", json=nobody), "/services/1"),
    ):
        assert refused.status_code == 422, refused.text
        assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    gone = await client.put(f"{PAGE}/components/{uuid4()}", json={"name": "Search"})
    assert gone.status_code == 404, "what the path names is another matter"


async def test_planned_work_can_be_moved_and_called_off(client: httpx2.AsyncClient, told: Room) -> None:
    component = (await put(client)).json()["components"][0]["id"]
    work = {
        "name": "Upgrade",
        "starts_at": "2026-11-24T08:00:00Z",
        "ends_at": "2026-11-24T11:00:00Z",
        "component_ids": [component],
    }
    made = (await client.post(f"{PAGE}/maintenances", json=work)).json()
    assert (await client.get(PAGE)).json()["components"][0]["state"] == "under_maintenance"
    later = {**work, "starts_at": "2026-11-24T10:00:00Z"}
    await client.put(f"{PAGE}/maintenances/{made['id']}", json=later)
    assert (await client.get(PAGE)).json()["components"][0]["state"] == "operational"
    assert (await client.delete(f"{PAGE}/maintenances/{made['id']}")).status_code == 204
    assert (await client.get(f"{PAGE}/maintenances")).json()["items"] == []
    assert (await client.delete(f"{PAGE}/maintenances/{made['id']}")).status_code == 404


async def test_planned_work_is_listed_page_by_page(
    client: httpx2.AsyncClient, told: Room, clock: ManualClock
) -> None:
    shop, mail = [component["id"] for component in (await put(client)).json()["components"]]
    for name, day, component in (("Third", 28, shop), ("First", 24, mail), ("Second", 26, shop)):
        times = {"starts_at": f"2026-11-{day}T10:00:00Z", "ends_at": f"2026-11-{day}T11:00:00Z"}
        await client.post(f"{PAGE}/maintenances", json={"name": name, **times, "component_ids": [component]})

    async def works(**params: Any) -> list[str]:
        answer = await client.get(f"{PAGE}/maintenances", params=params)
        names = [work["name"] for work in answer.json()["items"]]
        following = answer.json()["next"]
        return names + (await works(**{**params, "cursor": following}) if following else [])

    assert await works() == await works(limit=1) == ["First", "Second", "Third"]
    assert await works(component_id=shop) == ["Second", "Third"]
    clock.moment = clock.moment.replace(day=26, hour=10)
    assert await works() == ["Second", "Third"]
    assert await works(status="in_progress") == ["Second"]
    assert await works(status=["completed", "scheduled"], limit=1) == ["First", "Third"]


async def test_messages_are_listed_page_by_page(client: httpx2.AsyncClient, told: Room) -> None:
    assert (await client.get("/api/v1/messages")).json() == {"items": [], "next": None}
    assert (await client.get("/api/v1/messages", params={"state": "lost"})).status_code == 422
    assert (await client.get("/api/v1/messages", params={"cursor": "x"})).status_code == 422
    told.chat_in("C0INCIDENTS")
    story = await told.opened()
    for name in (str(story.incident_id), "INC-42", "42"):
        (item,) = (await client.get("/api/v1/messages", params={"incident_id": name})).json()["items"]
        assert item["incident"] == "INC-42"
    assert (await client.get("/api/v1/messages", params={"incident_id": "INC-43"})).json()["items"] == []
    for kind, count in ((item["kind"], 1), ("none", 0)):
        assert len((await client.get("/api/v1/messages", params={"kind": kind})).json()["items"]) == count
    assert (await client.get("/api/v1/messages", params={"incident_id": "x"})).status_code == 422


async def test_nobody_without_a_token_reads_or_writes(app: FastAPI, client: httpx2.AsyncClient) -> None:
    del client.headers["Authorization"]
    for method, path in (("GET", PAGE), ("PUT", PAGE), ("GET", "/api/v1/messages")):
        assert (await client.request(method, path, json={})).status_code == 401
    page = await client.get("/comms", headers={"Accept": "text/html"})
    assert page.status_code == 303
    assert page.headers["location"].startswith("/login")


def test_every_route_says_who_may_call_it(app: FastAPI) -> None:
    rules = route_table(app.routes)
    assert {rule.path for rule in rules if rule.rule is None} <= {"/api/v1/comms/openapi.json"}
    writes = {rule.path: rule.rule for rule in rules if rule.method in ("PUT", "DELETE", "POST")}
    assert {rule for path, rule in writes.items() if "/internal" not in path} == {"comms:write"}


async def test_the_public_documents_are_described_as_they_are(
    app: FastAPI, client: httpx2.AsyncClient, told: Room
) -> None:
    component = (await put(client)).json()["components"][0]["id"]
    times = {"starts_at": "2026-11-24T10:00:00Z", "ends_at": "2026-11-24T11:00:00Z"}
    body = {"name": "Upgrade", **times, "component_ids": [component]}
    await client.post(f"{PAGE}/maintenances", json=body)
    await told.opened()
    document = app.openapi()

    def fits(value: Any, schema: dict[str, Any]) -> None:
        schema = (
            document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            if "$ref" in schema
            else schema
        )
        for name in schema.get("required", ()):
            fits(value[name], schema["properties"][name])
        for item in value if schema.get("type") == "array" else ():
            fits(item, schema["items"])
        assert value in schema.get("enum", [value])

    async def announced() -> bool:
        return bool((await client.get("/status/api/v2/summary.json")).json().get("scheduled_maintenances"))

    await eventually(announced, within=5)
    for path, item in document["paths"].items():
        if path.startswith("/status/"):
            content = item["get"]["responses"]["200"]["content"]
            fits((await client.get(path)).json(), content["application/json"]["schema"])
