"""The pages of paging, without a script: what they show, what their forms do, and the one-use link (S25)."""

import re
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from tests.integration.paging.stage import Stage
from tocsin_events.incidents import Incident, IncidentOpened, IncidentResolved, Severity
from tocsin_events.pages import PageAcknowledged
from tocsin_paging.domain.links import Links
from tocsin_paging.domain.page import Page
from tocsin_paging.usecases.acknowledge import Person, acknowledge_incident
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database
from tocsin_testkit.told import told

Client = httpx2.AsyncClient
HTML = {"Accept": "text/html"}


@pytest.fixture
async def house(client: Client, stage: Stage) -> dict[str, UUID]:
    """A schedule, a policy, and two people."""
    people = {name: await stage.person(name) for name in ("Ana", "Bo")}
    rotation = {"participants": ["ana@example.org", "bo@example.org"]}
    schedule = {"name": "Core", "timezone": "Europe/Berlin", "rotations": {"primary": rotation}}
    policy = {
        "name": "Core",
        "steps": [{"targets": [{"schedule": "core"}]}, {"targets": [{"user": "bo@example.org"}]}],
    }
    people["schedule"] = UUID((await client.post("/api/v1/schedules", json=schedule)).json()["id"])
    assert (await client.post("/api/v1/escalation-policies", json=policy)).status_code == 201
    return people


@pytest.fixture
def links(client: Client, app: object) -> Links:
    found = app.state.pager.links  # type: ignore[attr-defined]
    assert isinstance(found, Links)
    return found


async def paged(stage: Stage, links: Links) -> tuple[Incident, Page, str]:
    """An incident, its first page, and the path of that page's link."""
    stage.pager = type(stage.pager)(links, figures=stage.pager.figures)
    incident = stage.incident(title="<b>Checkout</b> is down")
    await stage.hear(IncidentOpened(incident=incident))
    [page] = await stage.pages(incident)
    return incident, page, f"/ack/{links.ack_token(page.id)}"


async def text(client: Client, path: str, *, status: int = 200) -> str:
    answer = await client.get(path, headers=HTML)
    assert answer.status_code == status, answer.text
    return answer.text


async def test_empty_pages_say_what_to_do(client: Client) -> None:
    assert "No schedule yet" in await text(client, "/on-call")
    assert "No escalation policy yet" in await text(client, "/escalation-policies")
    await text(client, "/on-call/schedules/none", status=404)
    await text(client, "/escalation-policies/none", status=404)


async def test_pages_show_who_is_on_call_and_why(
    client: Client, stage: Stage, house: dict[str, UUID], links: Links
) -> None:
    await paged(stage, links)
    shown = await text(client, "/on-call")
    for words in (
        "Turn 1 of the primary rotation",
        "mailto:ana@example.org",
        "lanes-span",
        "Acknowledge",
        "Take over",
    ):
        assert words in shown
    assert "<b>Checkout" not in shown
    schedule = await text(client, "/on-call/schedules/core")
    assert "Monday 09:00 Europe/Berlin, every week" in schedule
    policy = await text(client, "/escalation-policies/core")
    assert "Ana (primary on call for Core: turn 1 of the primary rotation)" in policy
    assert "Core" in await text(client, "/escalation-policies")


async def test_a_storm_hides_nothing_grave(client: Client, stage: Stage, house: dict[str, UUID]) -> None:
    gravest = await stage.open(severity=Severity.SEV1, title="Everything is down")
    answered = await stage.open(severity=Severity.SEV1, title="Everything was down")
    await stage.acknowledged(answered, house["Ana"])
    for _ in range(53):
        stage.clock.forward(timedelta(seconds=1))
        await stage.open(severity=Severity.SEV4, title="A disk is slow")
    shown = await text(client, "/on-call")
    rows = re.findall(r'row-link" href="/incidents/(INC-\d+)"', shown)
    assert rows[:3] == [f"INC-{gravest.number + more}" for more in (0, 2, 3)]
    assert rows[50:] == [f"INC-{answered.number}"]
    assert '<span class="count tone-neutral">55</span>' in shown
    assert 'href="/incidents?status=open"' in shown


async def test_fragments_for_other_services(
    client: Client, stage: Stage, house: dict[str, UUID], links: Links
) -> None:
    incident, _, _ = await paged(stage, links)
    assert "Ana" in await text(client, "/on-call/fragments/now?policy=core")
    assert "Ana" in await text(client, "/on-call/fragments/now")
    assert "no service" in await text(client, "/on-call/fragments/now?service=nothing")
    pages = await text(client, f"/on-call/fragments/pages?incident_id={incident.incident_id}")
    assert "of 2, round 1" in pages
    assert "Ana is on call" in await text(client, "/on-call/fragments/me")


async def test_taking_over_without_a_script(
    client: Client, house: dict[str, UUID], clock: ManualClock
) -> None:
    begins = clock.moment + timedelta(hours=1)
    form = {
        "duty": f"{house['schedule']}:primary",
        "user": str(house["Bo"]),
        "starts_at": begins.strftime("%Y-%m-%dT%H:%M"),
        "ends_at": (begins + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"),
        "note": "dentist",
    }
    answer = await client.post("/on-call/overrides", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/on-call/schedules/core")
    shown = await text(client, "/on-call/schedules/core")
    assert "dentist" in shown
    assert "override made by admin token" in shown
    for wrong in ({"ends_at": form["starts_at"]}, {"starts_at": "soon"}, {"duty": "x:y"}, {"user": "nobody"}):
        refused = await client.post("/on-call/overrides", data={**form, **wrong}, headers=HTML)
        assert refused.status_code == 422
        assert "There is a problem" in refused.text
    [override] = (await client.get(f"/api/v1/schedules/{house['schedule']}/overrides")).json()["items"]
    ended = await client.post(f"/on-call/schedules/{house['schedule']}/overrides/{override['id']}/end")
    assert ended.status_code == 303
    assert "No overrides ahead" in await text(client, "/on-call")


async def test_take_over_begins_with_the_schedule_that_one_comes_from(
    client: Client, house: dict[str, UUID]
) -> None:
    others = [(await client.post("/api/v1/schedules", json={"name": name})).json() for name in ("A", "Plat")]
    way = re.search(r'href="(/on-call\?[^"#]+)#take-over"', await text(client, "/on-call/schedules/plat"))
    assert way
    chosen = re.findall(r'<option value="([^"]+)" selected', await text(client, way[1]))
    assert f"{others[1]['id']}:primary" in chosen
    await text(client, "/on-call?take_over=nothing")


async def test_a_wrong_form_is_seen_at_once_and_its_address_leads_back(
    client: Client, house: dict[str, UUID]
) -> None:
    wrong = await client.post("/on-call/overrides", data={}, headers=HTML)
    assert re.search(r'class="error-summary" role="alert" tabindex="-1" autofocus', wrong.text)
    again = await client.get("/on-call/overrides", headers=HTML)
    assert (again.status_code, again.headers["Location"]) == (303, "/on-call")
    program = await client.get("/on-call/overrides", headers={"Accept": "application/json"})
    assert program.status_code == 405
    by_id = await client.get(f"/on-call/schedules/{house['schedule']}", headers=HTML)
    assert by_id.headers["Location"] == "/on-call/schedules/core"


async def test_an_address_that_cannot_be_read_is_told_in_words(client: Client) -> None:
    shown = await text(client, "/on-call/fragments/pages?incident_id=x", status=422)
    assert "Something in this address cannot be read: incident_id." in shown


async def test_no_scanner_acknowledges_and_a_link_works_once(
    client: Client, stage: Stage, house: dict[str, UUID], links: Links, database: Database
) -> None:
    _, page, path = await paged(stage, links)
    stranger = {"Authorization": ""}
    for method in ("GET", "HEAD", "GET"):
        looked = await client.request(method, path, headers={**stranger, **HTML})
        assert looked.status_code == 200
    assert looked.headers["Referrer-Policy"] == "no-referrer"
    assert "&lt;b&gt;Checkout" in looked.text
    assert await told(database, PageAcknowledged) == []

    done = await client.post(path, headers=stranger)
    assert "You have it, Ana" in done.text
    again = await client.post(path, headers=stranger)
    assert "Ana has it since" in again.text
    [event] = await told(database, PageAcknowledged)
    assert isinstance(event, PageAcknowledged)
    assert (event.via, event.page_id, event.user_id) == ("link", page.id, house["Ana"])


async def test_a_link_says_when_somebody_else_has_it_or_it_is_over(
    client: Client, stage: Stage, house: dict[str, UUID], links: Links
) -> None:
    incident, _, path = await paged(stage, links)
    async with stage.open_uow() as uow:
        bo = Person(house["Bo"], name="Bo")
        await acknowledge_incident(uow, incident.incident_id, bo, via="page", pager=stage.pager)
    assert "Bo has it since" in (await client.get(path)).text
    await stage.hear(IncidentResolved(incident=incident, reason="by_hand"))
    assert "Nothing is left to do" in (await client.post(path)).text


async def test_a_token_of_nobody_cannot_answer_by_the_form(
    client: Client, stage: Stage, house: dict[str, UUID], links: Links, database: Database
) -> None:
    incident, _, _ = await paged(stage, links)
    answer = await client.post(f"/on-call/incidents/{incident.incident_id}/acknowledge")
    assert answer.status_code == 403
    assert "/api/v1/incidents/" in answer.text
    assert await told(database, PageAcknowledged) == []


async def test_links_that_are_old_or_made_up(
    client: Client, stage: Stage, house: dict[str, UUID], links: Links
) -> None:
    _, _, path = await paged(stage, links)
    assert (await client.get("/ack/" + "a" * 32)).status_code == 404
    assert (await client.post("/ack/%00")).status_code == 404
    stage.clock.forward(timedelta(hours=25))
    assert (await client.get(path)).status_code == 410
    assert (await client.post(path)).status_code == 410


async def test_nobody_looks_without_a_log_in(client: Client) -> None:
    for path in ("/on-call", "/escalation-policies", "/on-call/schedules/core"):
        answer = await client.get(path, headers={"Authorization": "", **HTML})
        assert answer.status_code in (302, 303, 307)
        assert answer.headers["Location"].startswith("/login")
    assert (await client.get("/api/v1/pages", headers={"Authorization": ""})).status_code == 401
