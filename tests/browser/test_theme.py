"""The theme in a real browser: accessible in both colours and sizes, quiet under its policy, honest in trouble."""

import asyncio
from asyncio import create_task
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from uvicorn import Config, Server

from tocsin_runtime.clock import process_now
from tocsin_testkit.waiting import eventually
from tocsin_theme.components import components_page
from tocsin_theme.files import theme_files
from tocsin_theme.security import page_headers
from tocsin_theme.theme import Theme, Viewer

pytestmark = pytest.mark.browser

ANA = Viewer(user_id=None, name="Ana Ruiz", role="responder", csrf="token", timezone="Europe/Berlin")
LIST = """{% extends "base.html" %}
{% block title %}Alerts{% endblock %}
{% block stream %}/detector/stream{% endblock %}
{% block content %}
<div id="rows" hx-get="/alerts" hx-select="#rows" hx-swap="outerHTML" hx-trigger="live"
  data-live="alert" data-live-mode="notice">
{% call ui.table(["Alert"], caption="Alerts") %}
{% for row, state in rows.items() %}
<tr><td><a class="row-link" href="#{{ row }}">{{ row }}</a> {{ state }} {{ since|ago }}</td></tr>
{% endfor %}
{% endcall %}
</div>{% endblock %}
{% block aside %}
{% call ui.panel("On call now") %}{{ ui.fragment("/on-call/fragments/now", "On-call") }}{% endcall %}
{% call ui.panel("Facts") %}{{ ui.facts([("Impact began", since|moment)]) }}{% endcall %}
{% endblock %}
"""


class Site:
    """A tiny service: the components page, a live list, and an on-call service that is down."""

    def __init__(self, templates: Path) -> None:
        (templates / "list.html").write_text(LIST)
        self.theme = Theme("demo", templates)
        self.rows = {"Disk full": "Firing"}
        self.since, self.asked = process_now() - timedelta(minutes=3), 0
        self.news: asyncio.Queue[str] = asyncio.Queue()
        self.tells_recent = True
        routes = [Route("/_/components", self.components), Route("/alerts", self.alerts)]
        routes += [Route("/detector/stream", self.stream), Route("/on-call/fragments/now", self.down)]
        routes += [
            Route("/on-call/fragments/me", self.nothing),
            Route("/incidents/fragments/sev1", self.nothing),
        ]
        self.app = Starlette(routes=[*routes, Mount("/_/theme", theme_files())])

    async def components(self, request: Request) -> Response:
        return HTMLResponse(components_page(self.theme, ANA), headers=page_headers(https=False))

    async def alerts(self, request: Request) -> Response:
        self.asked += 1
        viewer = replace(ANA, timezone=request.query_params.get("zone", ANA.timezone))
        page = self.theme.render("list.html", path="/alerts", viewer=viewer, rows=self.rows, since=self.since)
        return HTMLResponse(page, headers=page_headers(https=False))

    async def stream(self, request: Request) -> Response:
        async def events() -> AsyncIterator[str]:
            if self.tells_recent:
                yield 'event: tocsin:recent\ndata: {"back": 1e9, "heard": {}}\n\n'
            else:
                yield ": open\n\n"
            while told := await self.news.get():
                yield f"event: {told}\ndata: 1\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    async def nothing(self, request: Request) -> Response:
        return Response(status_code=204)

    async def down(self, request: Request) -> Response:
        return PlainTextResponse("down", status_code=503)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest_asyncio.fixture(loop_scope="session")
async def origin(site: Site) -> AsyncIterator[str]:
    server = Server(Config(site.app, port=0, log_level="warning", timeout_graceful_shutdown=1))
    running = create_task(server.serve())
    await eventually(lambda: server.started, within=10)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    site.news.put_nowait("")
    server.should_exit = True
    await running


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    page = await browser.new_page()
    yield page
    await page.close()


async def test_nothing_is_refused_by_the_policy_not_even_a_chart(page: Page, origin: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{origin}/_/components")

    await page.locator("#chart-mttr").scroll_into_view_if_needed()

    await expect(page.locator(".chart-canvas svg path").first).to_be_attached()
    assert complaints == []


async def test_the_palette_finds_a_page_an_action_and_an_incident(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/_/components")
    await page.keyboard.press("Control+k")
    first = page.locator(".palette-list li").first

    for typed, offered in (("analy", "Analytics"), ("acknow", "Acknowledge"), ("42", "INC-42")):
        await page.locator("#palette input").fill(typed)
        await expect(first.locator(".palette-words")).to_have_text(offered)


async def test_a_chosen_theme_lasts(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/_/components")
    await page.click(".avatar-button")
    await page.click("[data-theme-switch] [value=dark]")

    await page.reload()

    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_a_service_that_is_down_is_named_and_the_rest_works(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/alerts")

    await expect(page.locator(".fragment-down")).to_contain_text("On-call is not answering")
    await expect(page.locator("#rows tbody tr")).to_have_count(1)


async def test_a_time_with_a_long_zone_stays_in_its_column(browser: Browser, origin: str) -> None:
    for zone, name in (("", "GMT+5:30"), ("Asia/Kathmandu", "UTC+05:45")):
        page = await browser.new_page(
            viewport={"width": 1440, "height": 900}, timezone_id="Asia/Kolkata", locale="de"
        )
        await page.goto(f"{origin}/alerts?zone={zone}")
        time = page.locator(".facts time")
        await expect(time).to_contain_text(name)
        right = "one => one.getBoundingClientRect().right"
        assert await time.evaluate(right) <= await page.locator(".column-aside").evaluate(right)
        await page.close()


async def test_a_list_says_that_there_is_more_and_waits_to_be_asked(
    page: Page, origin: str, site: Site
) -> None:
    await page.goto(f"{origin}/alerts")
    site.rows["Queue deep"] = "Firing"
    for _ in range(3):
        site.news.put_nowait("alert")

    await page.get_by_role("button", name="1 new").click()

    await expect(page.locator("#rows tbody tr")).to_have_count(2)
    await expect(page.locator(".live-notice")).to_have_count(0)


async def test_a_row_that_changed_is_put_right_where_it_is(page: Page, origin: str, site: Site) -> None:
    await page.goto(f"{origin}/alerts")
    await page.keyboard.press("j")
    site.rows["Disk full"] = "Resolved"
    site.news.put_nowait("alert")

    await expect(page.locator("#rows tbody tr")).to_contain_text("Resolved")
    await expect(page.get_by_role("link", name="Disk full")).to_be_focused()
    await expect(page.locator(".live-notice")).to_have_count(0)


async def test_a_list_that_nothing_happened_to_says_nothing(page: Page, origin: str, site: Site) -> None:
    await page.goto(f"{origin}/alerts")
    await page.evaluate("document.querySelector('#rows tbody tr').dataset.mine = ''")
    site.news.put_nowait("alert")

    await eventually(lambda: site.asked == 2, within=10)
    site.rows.clear()
    site.news.put_nowait("alert")

    await expect(page.get_by_role("button", name="Changed. Show")).to_be_visible()
    await expect(page.locator("tr[data-mine]")).to_have_count(1)


async def test_after_a_gap_of_the_server_a_list_says_so_and_does_not_jump(
    page: Page, origin: str, site: Site
) -> None:
    await page.goto(f"{origin}/alerts")
    site.rows["Queue deep"] = "Firing"
    site.news.put_nowait("tocsin:missed")

    await expect(page.get_by_role("button", name="1 new")).to_be_visible()
    await expect(page.locator("#rows tbody tr")).to_have_count(1)


async def test_a_server_of_the_last_release_is_asked_for_all_again(
    page: Page, origin: str, site: Site
) -> None:
    site.tells_recent = False
    await page.goto(f"{origin}/alerts")
    site.rows["Queue deep"] = "Firing"

    await expect(page.locator("#rows tbody tr")).to_have_count(2)


async def test_without_javascript_all_words_are_there(browser: Browser, origin: str) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{origin}/_/components")

    await expect(page.get_by_role("button", name="Post update")).to_be_visible()
    await expect(page.locator(".chart-canvas")).to_be_hidden()
