"""The public page as its readers get it: live and from the folder (R37), light, cached, inert, honest when stale."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID
from xml.etree.ElementTree import fromstring

import httpx2
import pytest
from fastapi import FastAPI

from tests.integration.comms.room import MAIL, MINUTE, SHOP, TEMPLATES, Room
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_comms.adapters.folder import Folder
from tocsin_comms.app import create_app
from tocsin_comms.settings import CommsSettings
from tocsin_comms.usecases.published import Published
from tocsin_comms.usecases.render import MOST_BYTES, Renderer
from tocsin_comms.usecases.report import hide
from tocsin_comms.workers.publish import Publisher
from tocsin_events.incidents import Severity
from tocsin_runtime.clock import ManualClock
from tocsin_testkit.apps import build_app, running
from tocsin_testkit.waiting import eventually
from tocsin_theme.theme import Theme

HOSTILE = (
    '<script>alert(1)</script><img src=x onerror=alert(2)> [x](javascript:alert(3)) "><svg onload=alert(4)>'
)
API = (
    "summary", "status", "components", "incidents", "incidents/unresolved", "scheduled-maintenances",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public"


@pytest.fixture
def app(database_url: str, clock: ManualClock, folder: Path) -> FastAPI:
    return build_app(create_app, CommsSettings, database_url, clock, status_directory=str(folder))


@pytest.fixture
async def world(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A reader without any right."""
    async with running(app) as made:
        yield made


@pytest.fixture
def told(app: FastAPI, clock: ManualClock) -> Room:
    """The room of the running app, whose units of work wake its workers."""
    return Room(app.state.service.unit_of_work, clock)


@pytest.fixture
def publisher(open_uow: OpenUnitOfWork, folder: Path) -> Publisher:
    theme = Theme("comms", TEMPLATES)
    script = TEMPLATES.parent / "static" / "stale.js"
    return Publisher(
        open_uow,
        Published(Renderer(theme)),
        base_url="https://tocsin.test",
        folder=Folder(folder),
        own_files={"/comms/static/stale.js": script},
    )


async def shows(world: httpx2.AsyncClient, text: str, path: str = "/status") -> str:
    """The page, once it says that."""

    async def page() -> str:
        body = (await world.get(path)).text
        return body if text in body else ""

    return await eventually(page, within=5)


async def test_an_incident_turns_the_page_and_its_end_turns_it_back(
    world: httpx2.AsyncClient, told: Room
) -> None:
    await told.shop()
    await shows(world, "All systems operational")
    story = await told.opened(severity=Severity.SEV1)
    page = await shows(world, "Checkout is down")
    assert "db-prod-7" not in page
    await told.updated(story, "We **roll back** a deploy.")
    assert "<strong>roll back</strong>" in await shows(world, "a deploy")
    await told.resolved(story)
    assert "Checkout: major outage" in await shows(world, "All systems operational")


async def test_the_json_is_statuspages(world: httpx2.AsyncClient, told: Room) -> None:
    await told.shop()
    await told.opened()
    await shows(world, "partly down")
    read = {name: (await world.get(f"/status/api/v2/{name}.json")).json() for name in API}
    assert read["status"]["status"] == {"indicator": "major", "description": "Partial System Outage"}
    assert [component["status"] for component in read["components"]["components"]] == [
        "partial_outage",
        "operational",
    ]
    (incident,) = read["incidents/unresolved"]["incidents"]
    assert incident["incident_updates"][0]["affected_components"][0]["new_status"] == "partial_outage"
    assert read["scheduled-maintenances"]["scheduled_maintenances"] == []
    assert set(read["summary"]["page"]) == {"id", "name", "url", "time_zone", "updated_at"}


async def test_feeds_are_well_formed_and_lead_to_pages_that_exist(
    world: httpx2.AsyncClient, told: Room
) -> None:
    await told.shop()
    await told.opened()
    feed = fromstring(await shows(world, "<entry>", "/status/history.atom"))
    link = feed.find("{http://www.w3.org/2005/Atom}entry/{http://www.w3.org/2005/Atom}link")
    assert link is not None
    assert (await world.get(str(link.get("href")))).status_code == 200
    assert fromstring((await world.get("/status/history.rss")).text).find("channel/item") is not None


async def test_readers_and_caches_are_told_when_nothing_changed(
    world: httpx2.AsyncClient, told: Room
) -> None:
    await told.shop()
    await shows(world, "Checkout")
    for path in ("/status", "/status/history.atom", "/status/api/v2/summary.json"):
        first = await world.get(path)
        again = await world.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "public" in first.headers["cache-control"]
        head = await world.head(path)
        assert (head.status_code, head.content) == (200, b"")


async def test_a_page_asks_nobody_else_for_anything(world: httpx2.AsyncClient, told: Room) -> None:
    await told.shop()
    answer = await world.get("/status")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for place in ("src=", "href="):
        for part in answer.text.split(place)[1:]:
            assert part.startswith(('"/', '"#')), part[:60]


async def test_what_is_not_there_is_not_found(world: httpx2.AsyncClient) -> None:
    for path in ("nothing", "api/v2/none.json", f"incidents/{UUID(int=1)}", "incidents/%00", "history/../x"):
        assert (await world.get(f"/status/{path}")).status_code in (404, 422), path


async def test_a_report_that_is_none_leads_back_to_the_status_page(world: httpx2.AsyncClient) -> None:
    async def missing() -> bool:
        answer = await world.get("/status/incidents/x", headers={"Accept": "text/html"})
        return answer.status_code == 404 and "The status page is at /status." in answer.text

    await eventually(missing, within=5)
    answer = await world.get("/status/incidents/x", headers={"Accept": "text/html"})
    assert '<a href="/status">Go to the status page</a>' in answer.text


async def test_hostile_words_are_inert(room: Room, publisher: Publisher) -> None:
    await room.page((HOSTILE[:90], frozenset({SHOP})), name=HOSTILE[:80], support_url="javascript:alert(5)")
    story = await room.opened(title=HOSTILE)
    await room.updated(story, HOSTILE)
    await publisher.run_once()
    report = await room.report(story)
    for path in ("/status", "/status/history", f"/status/incidents/{report.id}"):
        page = await publisher.published.file(path)
        assert page is not None
        html = page.body.decode().lower()
        for bad in ("<script>", "<img", "<svg onload", 'href="javascript:'):
            assert bad not in html


async def test_the_folder_holds_what_the_live_page_shows(
    room: Room, publisher: Publisher, folder: Path
) -> None:
    await room.shop()
    story = await room.opened()
    await publisher.run_once()
    report = await room.report(story)
    for path, place in {
        "/status": "status/index.html",
        f"/status/incidents/{report.id}": f"status/incidents/{report.id}/index.html",
        "/status/history": "status/history/index.html",
        "/status/history.atom": "status/history.atom",
        "/status/api/v2/summary.json": "status/api/v2/summary.json",
        "/status/api/v2/incidents/unresolved.json": "status/api/v2/incidents/unresolved.json",
    }.items():
        live = await publisher.published.file(path)
        assert live is not None
        assert (folder / place).read_bytes() == live.body
    assert (folder / "index.html").read_bytes() == (folder / "status/index.html").read_bytes()


async def test_the_folder_needs_nothing_that_is_not_in_it(
    room: Room, publisher: Publisher, folder: Path
) -> None:
    await room.shop()
    await publisher.run_once()
    html = (folder / "status/index.html").read_text()
    asked = {
        part.split('"')[0].split("?")[0] for word in ('src="', 'href="') for part in html.split(word)[1:]
    }
    for url in asked - {"#content"}:
        place = folder / url.lstrip("/")
        assert place.is_file() or (place / "index.html").is_file(), url
    css = (folder / "_/theme/public.css").read_text()
    assert all((folder / "_/theme" / part.split('"')[0]).is_file() for part in css.split('url("')[1:])


async def test_hiding_takes_the_report_out_of_the_folder(
    room: Room, publisher: Publisher, folder: Path
) -> None:
    await room.shop()
    story = await room.opened()
    await publisher.run_once()
    report = await room.report(story)
    async with room.open_uow() as uow:
        await hide(uow, 42)
    await publisher.run_once()
    assert not (folder / f"status/incidents/{report.id}/index.html").exists()
    assert await publisher.published.file(f"/status/incidents/{report.id}") is None
    assert json.loads((folder / "status/api/v2/incidents.json").read_bytes())["incidents"] == []


async def test_a_heartbeat_is_written_though_nothing_changed(
    room: Room, publisher: Publisher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.shop()
    await publisher.run_once()
    before = (folder / "status/heartbeat.json").read_bytes()
    room.clock.forward(MINUTE)
    await publisher.run_once()
    assert (folder / "status/heartbeat.json").read_bytes() == before
    monkeypatch.setattr("tocsin_comms.workers.publish.HEARTBEAT", 0.0)
    await publisher.run_once()
    assert (folder / "status/heartbeat.json").read_bytes() != before


async def test_a_full_disk_keeps_the_live_page_and_is_tried_again(room: Room, folder: Path) -> None:
    class Full:
        def __init__(self) -> None:
            self.left = 1

        def write(self, files: object) -> int:
            self.left -= 1
            if self.left >= 0:
                raise OSError("No space left on device")
            return 0

    await room.shop()
    made = Publisher(
        room.open_uow, Published(Renderer(Theme("comms", TEMPLATES))), base_url="", folder=Full()
    )
    with pytest.raises(OSError, match="No space"):
        await made.run_once()
    assert await made.published.file("/status") is not None
    assert made.age() == float("inf")
    await made.run_once()
    assert made.age() < 5


async def test_before_anything_is_rendered_readers_are_asked_to_wait(
    open_uow: OpenUnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin_comms.usecases.published.FIRST_WAIT", 0.05)
    made = Publisher(open_uow, Published(Renderer(Theme("comms", TEMPLATES))), base_url="")
    assert await made.published.file("/status") is None
    assert not made.published.rendered


async def test_the_page_is_light_however_much_there_is_to_say(room: Room, publisher: Publisher) -> None:
    many = [(f"Component {number} " + "<&>" * 10, frozenset({SHOP, MAIL})) for number in range(120)]
    await room.page(*many)
    for number in range(1, 31):
        story = await room.opened(number)
        for _ in range(3):
            await room.updated(story, "<&> Something long and hostile. " * 150)
    await publisher.run_once()
    for path in ("/status", "/status/history"):
        page = await publisher.published.file(path)
        assert page is not None
        assert len(page.body) <= MOST_BYTES, path


async def test_an_ordinary_page_shows_all_its_bars(room: Room, publisher: Publisher) -> None:
    await room.page(*[(f"Component {number}", frozenset({SHOP})) for number in range(15)])
    await publisher.run_once()
    page = await publisher.published.file("/status")
    assert page is not None
    assert page.body.count(b"90 days ago") == 15
    assert len(page.body) < MOST_BYTES


async def test_many_readers_at_once_are_served_from_memory(world: httpx2.AsyncClient, told: Room) -> None:
    await told.shop()
    await shows(world, "Checkout")
    answers = await asyncio.gather(*(world.get("/status") for _ in range(200)))
    assert {answer.status_code for answer in answers} == {200}
