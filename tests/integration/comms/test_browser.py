"""The pages of comms in a real browser: accessible, live, honest when stale, and of use without scripts."""

from asyncio import create_task
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import which

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, async_playwright, expect
from uvicorn import Config, Server

from tests.integration.comms.room import Room
from tocsin_events.incidents import Severity
from tocsin_runtime.clock import ManualClock
from tocsin_testkit.apps import ADMIN_TOKEN, running
from tocsin_testkit.waiting import eventually

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parents[2] / "browser" / "vendor" / "axe.min.js").read_text()
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PAGES = ("/status", "/status/history", "/comms", "/comms/setup")
SIX_MINUTES = 6 * 60 * 1000


@pytest.fixture
async def origin(app: FastAPI) -> AsyncIterator[str]:
    """The running app on a real port."""
    async with running(app):
        server = Server(Config(app, port=0, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
        serving = create_task(server.serve())
        await eventually(lambda: server.started, within=10)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        app.state.service.live.close()
        server.should_exit = True
        await serving


@pytest.fixture
async def told(app: FastAPI, origin: str, clock: ManualClock) -> Room:
    """A page with an open incident and a draft that waits."""
    room = Room(app.state.service.unit_of_work, clock)
    await room.shop()
    await room.opened(42, severity=Severity.SEV1)
    await room.opened(43, severity=Severity.SEV4)
    return room


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=which("chromium"), args=FLAGS)
        yield launched
        await launched.close()


async def member(browser: Browser, **options: object) -> BrowserContext:
    """A reader with every right."""
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    return await browser.new_context(extra_http_headers=headers, **options)  # type: ignore[arg-type]


async def test_every_page_is_accessible_and_fits(browser: Browser, origin: str, told: Room) -> None:
    for width, scheme in ((1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")):
        view = {"width": width, "height": 900}
        context = await member(browser, viewport=view, color_scheme=scheme, bypass_csp=True)
        page = await context.new_page()
        for path in PAGES:
            await page.goto(origin + path)
            found = await page.evaluate(f"{AXE}; axe.run(document, {{resultTypes: ['violations']}})")
            wrong = [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]]
            assert wrong == [], (path, width, scheme)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
        await context.close()


async def test_a_draft_is_published_by_a_click_and_the_world_sees_it(
    browser: Browser, origin: str, told: Room
) -> None:
    page = await (await member(browser)).new_page()
    await page.goto(f"{origin}/comms")
    await page.get_by_label("What the world reads").fill("Mails are late; none is lost.")
    await page.locator("#held").get_by_role("button", name="Publish").click()
    await expect(page.locator("#held")).not_to_contain_text("INC-43")

    async def told_to_the_world() -> bool:
        await page.goto(f"{origin}/status")
        return "Mails are late; none is lost." in await page.inner_text("main")

    await eventually(told_to_the_world, within=10)


async def test_the_board_moves_while_somebody_looks(browser: Browser, origin: str, told: Room) -> None:
    page = await (await member(browser)).new_page()
    await page.goto(f"{origin}/comms")
    await expect(page.locator("#open")).to_contain_text("INC-42")
    await told.opened(44)
    await expect(page.locator("#open")).to_contain_text("INC-44", timeout=10_000)


async def test_a_page_that_nobody_renders_any_more_says_that_it_is_stale(
    browser: Browser, origin: str, told: Room
) -> None:
    page = await browser.new_page()
    await page.clock.install(time=told.clock.moment)
    await page.route("**/heartbeat.json", lambda route: route.abort())
    await page.goto(f"{origin}/status")
    await expect(page.locator("#stale")).to_be_hidden()
    await page.clock.fast_forward(SIX_MINUTES)
    await expect(page.locator("#stale")).to_contain_text("Stale: this page was last updated 6 minutes ago")


async def test_the_world_needs_no_script(browser: Browser, origin: str, told: Room) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{origin}/status")
    await expect(page.locator("h1")).to_have_text("Checkout is down")
    await expect(page.locator("main")).to_contain_text("Last updated")
    assert "Out of date if it was last updated" in await page.locator("footer").inner_text()
