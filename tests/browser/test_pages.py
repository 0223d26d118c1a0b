"""Each page of each service, light and dark, at a desk and on a phone: accessible, quiet, and not too wide."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from importlib import import_module

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, StorageState, expect

from tests.browser.conftest import ANA
from tests.browser.pages import MISSING, OPEN_PAGES, PAGES, ids
from tests.browser.watch import Watch, violations
from tocsin.api import Api
from tocsin_access.routes import route_table
from tocsin_runtime.clock import DatabaseClock
from tocsin_runtime.settings import SERVICES
from tocsin_testkit.apps import build_app
from tocsin_testkit.world import OneProcess
from tools.demo import Told, acting_as

pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
NOT_PAGES = re.compile(
    r"/api/|/alertmanager/|/internal/|/hooks/|/calendars/|/_/theme|/(livez|readyz|metrics)$"
    r"|/fragments/|/stream$|\.(json|csv|atom|rss)$"
)
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
HEAVIEST = 100_000


@pytest.fixture(scope="session")
def known(api: Api, told: Told) -> dict[str, str]:
    return ids(api, told)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def inside(browser: Browser, world: OneProcess, ana: StorageState) -> AsyncIterator[Page]:
    """One page that goes from place to place, logged in as an administrator."""
    page = await browser.new_page(base_url=world.origin, storage_state=ana, viewport=DESK)  # type: ignore[arg-type]
    yield page
    await page.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def outside(browser: Browser, world: OneProcess) -> AsyncIterator[Page]:
    """The same for whoever is not logged in."""
    page = await browser.new_page(base_url=world.origin, viewport=DESK)  # type: ignore[arg-type]
    yield page
    await page.close()


@pytest.mark.parametrize("route", PAGES)
async def test_a_page_of_the_console(inside: Page, known: Mapping[str, str], route: str) -> None:
    await look_at(inside, PAGES[route].format(**known))


@pytest.mark.parametrize("route", OPEN_PAGES)
async def test_a_page_for_everybody(outside: Page, known: Mapping[str, str], route: str) -> None:
    await look_at(outside, OPEN_PAGES[route].format(**known))


async def look_at(page: Page, path: str) -> None:
    """Open it once, then look at it in each size and colour."""
    watch = Watch(page)
    await page.set_viewport_size(DESK)  # type: ignore[arg-type]
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    answer = await page.goto(path)
    assert answer is not None
    assert answer.ok or (path in MISSING and answer.status in (404, 410)), answer.status
    assert len(await answer.body()) < HEAVIEST
    await expect(page.locator(".fragment .skeleton")).to_have_count(0)
    await expect(page.locator(".fragment-down")).to_have_count(0 if path != "/_/components" else 1)

    assert await violations(page) == []
    await page.emulate_media(color_scheme="dark")
    assert await violations(page, only="color-contrast") == [], "dark"
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert await violations(page) == [], "dark, on a phone"
    await page.emulate_media(color_scheme="light")
    assert await violations(page, only="color-contrast") == [], "on a phone"
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
    watch.assert_quiet()


async def test_the_charts_are_drawn(desk: Page) -> None:
    await desk.goto("/analytics")
    charts = desk.locator(".chart-canvas")

    for number in range(await charts.count()):
        await charts.nth(number).scroll_into_view_if_needed()
        await expect(charts.nth(number).locator("svg path").first).to_be_attached()


def test_no_page_of_any_service_is_left_out() -> None:
    looked_at = {route.partition(" ")[0] for route in [*PAGES, *OPEN_PAGES]}
    assert sorted(set(routes()) - looked_at) == []


def routes() -> Iterator[str]:
    """Every path that a browser may be sent to."""
    for name in SERVICES:
        settings = getattr(import_module(f"tocsin_{name}.settings"), f"{name.capitalize()}Settings")
        app = build_app(import_module(f"tocsin_{name}.app").create_app, settings, NOWHERE, DatabaseClock())
        for route in route_table(app.routes):
            path = route.path.rstrip("/")
            if route.method == "GET" and path and not NOT_PAGES.search(path):
                yield path


def test_no_link_leads_nowhere(api: Api, known: Mapping[str, str]) -> None:
    client = acting_as(api, ANA).client
    found = {link for path in PAGES.values() for link in links(client, path.format(**known))}
    dead = {link: client.get(link).status_code for link in found}
    assert {link: status for link, status in dead.items() if status >= 400} == {}


def links(client: httpx2.Client, path: str) -> set[str]:
    """Where a page leads on this origin; only what may be got."""
    html = client.get(path, headers={"Accept": "text/html"}).text
    return {
        link.replace("&amp;", "&").partition("#")[0]
        for link in re.findall(r'<a [^>]*href="(/[^"]*)"', html)
        if not link.startswith("/_/")
    }
