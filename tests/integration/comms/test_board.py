"""The team's own pages: what waits, what is overdue, and the forms that work without JavaScript."""

from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from tests.integration.comms.room import MINUTE, SHOP, Room
from tocsin_access.directory import apply_entry
from tocsin_comms.domain.states import ComponentState, Visibility
from tocsin_events.directory import ServiceChanged
from tocsin_events.incidents import Severity
from tocsin_runtime.clock import ManualClock
from tocsin_testkit.waiting import eventually

MISTAKES: list[tuple[str, dict[str, str], str]] = [
    ("/comms/setup", {"name": " ", "time_zone": "UTC"}, "The name must not be empty"),
    ("/comms/setup", {"name": "A", "time_zone": "Nowhere"}, "The zone must be an IANA time zone"),
    ("/comms/setup", {"name": "A", "time_zone": "UTC", "url": "ftp://x"}, "must be an http or https URL"),
    ("/comms/setup/components", {"component_name": " "}, "The component&#39;s name must not be empty"),
    ("/comms/setup/components", {"component_name": "checkout"}, "already"),
]


@pytest.fixture
async def told(app: FastAPI, client: httpx2.AsyncClient, clock: ManualClock) -> Room:
    room = Room(app.state.service.unit_of_work, clock)
    async with room.open_uow() as uow:
        await apply_entry(ServiceChanged(id=SHOP, version=1, name="The shop", slug="shop"), uow)
    return room


async def test_the_board_shows_what_waits_and_what_is_late(
    client: httpx2.AsyncClient, told: Room, clock: ManualClock
) -> None:
    await told.shop(publish="hold")
    await told.opened(title="<script>alert(1)</script>")
    clock.forward(31 * MINUTE)
    await told.fire()

    async def board() -> str:
        return (await client.get("/comms")).text

    async def late() -> bool:  # the app's own timers may have been first
        return "1 update overdue" in await board()

    await eventually(late, within=5)
    page = await board()
    assert "Waiting for your word" in page
    assert "Slack is not set up" in page
    assert "<script>alert" not in page


async def test_the_board_counts_also_what_it_does_not_list(client: httpx2.AsyncClient, told: Room) -> None:
    for number in range(1, 53):
        await told.opened(number, severity=Severity.SEV4)
    await told.opened(53, severity=Severity.SEV3)
    page = (await client.get("/comms")).text
    assert "53 open incidents" in page
    assert "These are the 50 whose update is due first" in page
    assert page.index("/incidents/INC-53") < page.index('/incidents/INC-1"')
    assert "INC-52" not in page


async def test_a_held_draft_is_published_in_other_words(client: httpx2.AsyncClient, told: Room) -> None:
    await told.shop(publish="hold")
    story = await told.opened()
    words = {"title": "Slow baskets", "body": "We are on it."}
    answer = await client.post(f"/comms/incidents/{story.incident_id}/publish", data=words)
    assert (answer.status_code, answer.headers["location"]) == (303, "/comms")
    report = await told.report(story)
    assert (report.title, report.updates[0].body) == ("Slow baskets", "We are on it.")
    assert (await told.states())["Checkout"] is ComponentState.PARTIAL_OUTAGE
    back = await client.post(f"/comms/incidents/{story.incident_id}/hide", data={"back": "/incidents/INC-42"})
    assert back.headers["location"] == "/incidents/INC-42"
    away = {"back": "//evil.test"}
    assert (await client.post(f"/comms/incidents/{story.incident_id}/hide", data=away)).status_code == 422
    assert (await told.report(story)).visibility is Visibility.HIDDEN


async def test_the_page_is_set_up_by_forms(client: httpx2.AsyncClient, told: Room) -> None:
    saved = await client.post(
        "/comms/setup", data={"name": "Acme", "time_zone": "Europe/Berlin", "publish": "hold"}
    )
    assert saved.status_code == 303
    made = await client.post(
        "/comms/setup/components", data={"component_name": "Checkout", "services": str(SHOP)}
    )
    assert made.status_code == 303
    page = (await client.get("/api/v1/status-page")).json()
    assert (page["name"], page["publish"]) == ("Acme", "hold")
    (component,) = page["components"]
    assert component["services"] == ["shop"]
    place = f"/comms/setup/components/{component['id']}"
    await client.post(place, data={"component_name": "Basket", "group": "Shop"})
    (changed,) = (await client.get("/api/v1/status-page")).json()["components"]
    assert (changed["id"], changed["name"], changed["services"]) == (component["id"], "Basket", [])
    await client.post(f"{place}/remove")
    assert (await client.get("/api/v1/status-page")).json()["components"] == []


async def test_a_form_with_a_mistake_comes_back_with_what_to_do(
    client: httpx2.AsyncClient, told: Room
) -> None:
    await told.shop()
    for place, form, says in MISTAKES:
        answer = await client.post(place, data=form)
        assert answer.status_code == 422, form
        assert says in answer.text, form


async def test_work_is_planned_changed_and_called_off_by_forms(
    client: httpx2.AsyncClient, told: Room, clock: ManualClock
) -> None:
    clock.moment = clock.moment.replace(hour=9, minute=0)
    await told.shop()
    page = (await client.get("/api/v1/status-page")).json()
    checkout, mail = (component["id"] for component in page["components"])
    day = clock.moment.date().isoformat()
    form = {
        "name": "Database upgrade",
        "body": "Orders may take a minute.",
        "starts_at": f"{day}T22:00",
        "ends_at": f"{day}T23:30",
        "component_ids": checkout,
    }
    planned = await client.post("/comms/maintenances", data=form)
    assert (planned.status_code, planned.headers["location"]) == (303, "/comms#planned")
    (work,) = (await client.get("/api/v1/status-page/maintenances")).json()["items"]
    assert (work["starts_at"], work["ends_at"]) == (f"{day}T22:00:00Z", f"{day}T23:30:00Z")
    assert (work["body"], work["component_ids"]) == ("Orders may take a minute.", [checkout])

    place = f"/comms/maintenances/{work['id']}"
    assert place in (await client.get("/comms")).text
    shown = (await client.get(place)).text
    assert f'value="{day}T22:00"' in shown
    wrong = await client.post(place, data={**form, "ends_at": form["starts_at"]})
    assert wrong.status_code == 422
    assert "Choose an end that is after the beginning" in wrong.text
    changed = await client.post(
        place, data={**form, "starts_at": f"{day}T08:00", "component_ids": [checkout, mail]}
    )
    assert changed.status_code == 303
    assert {state.value for state in (await told.states()).values()} == {"under_maintenance"}
    assert (await client.post(f"{place}/call-off")).status_code == 303
    assert {state.value for state in (await told.states()).values()} == {"operational"}
    assert (await client.get(place)).status_code == 404


async def test_work_with_a_mistake_comes_back_as_it_was_typed(client: httpx2.AsyncClient, told: Room) -> None:
    await told.shop()
    answer = await client.post("/comms/maintenances", data={"name": "Upgrade", "starts_at": "soon"})
    assert answer.status_code == 422
    for words in ('value="Upgrade"', "Enter a day and a time", "Choose what is worked on"):
        assert words in answer.text
    assert (await client.get("/api/v1/status-page/maintenances")).json()["items"] == []
    nowhere = {"name": "A", "starts_at": "2027-01-01T10:00", "ends_at": "2027-01-01T11:00"}
    unknown = await client.post("/comms/maintenances", data={**nowhere, "component_ids": str(UUID(int=9))})
    assert unknown.status_code == 422


async def test_an_incidents_page_can_show_what_the_world_is_told(
    client: httpx2.AsyncClient, told: Room
) -> None:
    await told.shop()
    story = await told.opened()
    for reference in (str(story.incident_id), "INC-42"):
        part = (await client.get(f"/comms/fragments/incidents/{reference}")).text
        assert "Checkout: partial outage" in part
        assert "<html" not in part
    assert "Nothing has been told" in (await client.get(f"/comms/fragments/incidents/{UUID(int=5)}")).text
