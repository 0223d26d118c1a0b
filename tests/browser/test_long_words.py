"""Names without a space, as long as the forms allow: no page becomes wider for them, and none runs out of its place."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import ANA, logged_in, running
from tests.browser.pages import OPEN_PAGES, PAGES, ids, page_mail
from tocsin.api import Api, open_api
from tocsin.applying import apply
from tocsin.configuration import parse_configuration
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import ADMIN_TOKEN, OneProcess
from tools.demo import KEY, SHOP, Told, tell

pytestmark = pytest.mark.browser

WIDTHS = (1440, 1000, 390)
TITLE = "com.example.checkout.payments.PaymentAuthorizationTimeoutException" + "_while_charging" * 5
SERVICE = "checkout-payments-authorization-gateway-eu-central-1-blue-production-canary-instance-2"
SPILLS = """() => [...document.querySelectorAll("body *")].flatMap((element) => {
  if (!element.checkVisibility({visibilityProperty: true}) || element.closest("svg, .visually-hidden, .tip")) return [];
  const words = [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim());
  const place = element.closest("td, dd, .panel, .chip, .button, .column-main, .column-aside, body");
  for (let around = element; around !== document.body; around = around.parentElement) {
    if (getComputedStyle(around).overflowX !== "visible") return [];
  }
  const edge = Math.min(place.getBoundingClientRect().right, innerWidth) + 1;
  return words.filter((node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()].some((box) => box.right > edge);
  }).map((node) => node.data.trim().slice(0, 40));
})"""
"""Words that stick out of their cell, panel or column on the right."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def wordy() -> AsyncIterator[OneProcess]:
    """A Tocsin of its own, for its names would be in the way of all others."""
    async with running() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def places(wordy: OneProcess) -> Mapping[str, str]:
    """What stands for the places in the paths, once every name is long."""
    api = open_api(wordy.origin, ADMIN_TOKEN)
    told = await asyncio.to_thread(tell, api)
    await asyncio.to_thread(rename, api)
    incident = await eventually(lambda: opened(api), within=20)
    await eventually(lambda: page_mail(api, incident), within=20)
    return await asyncio.to_thread(ids, api, Told(told.over, told.open, fresh=incident))


def rename(api: Api) -> None:
    """Everything that has a name gets a long one, and an alert says long things."""
    config = re.sub(r"name: ([^,}\n]+)", lambda found: f"name: {long(found[1])}", SHOP)
    for _ in apply(api, parse_configuration(config)):
        pass
    alert = {
        "title": TITLE,
        "severity": "critical",
        "service": SERVICE,
        "dedup_key": TITLE,
        "description": TITLE,
        "labels": {"alertname": TITLE, "instance": SERVICE},
        "annotations": {"runbook_of_the_team": "https://runbooks.example.com/" + SERVICE},
    }
    api.call("POST", f"/api/v1/webhooks/generic/{KEY}", json=alert)


def long(name: str) -> str:
    """86 letters without a space, of which the first are the name's."""
    return (name.replace(" ", "").strip('"') + SERVICE)[:86].rstrip("-")


def opened(api: Api) -> str:
    """The incident of the long alert, such as INC-7."""
    alerts = api.get("/api/v1/alerts", dedup_key=TITLE)["items"]
    found = alerts and alerts[0]["incident_id"]
    return str(api.get(f"/api/v1/incidents/{found}")["ref"]) if found else ""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def inside(browser: Browser, wordy: OneProcess, places: Mapping[str, str]) -> AsyncIterator[Page]:
    """One page of an administrator's that goes from place to place."""
    cookies = await logged_in(browser, open_api(wordy.origin, ADMIN_TOKEN), ANA)
    page = await browser.new_page(base_url=wordy.origin, storage_state=cookies)
    yield page
    await page.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def outside(browser: Browser, wordy: OneProcess) -> AsyncIterator[Page]:
    """The same for whoever is not logged in."""
    page = await browser.new_page(base_url=wordy.origin)
    yield page
    await page.close()


@pytest.mark.parametrize("path", PAGES.values())
async def test_no_name_is_too_long_for_the_console(
    inside: Page, places: Mapping[str, str], path: str
) -> None:
    await look_at(inside, path.format(**places))


@pytest.mark.parametrize("path", OPEN_PAGES.values())
async def test_no_name_is_too_long_for_an_open_page(
    outside: Page, places: Mapping[str, str], path: str
) -> None:
    await look_at(outside, path.format(**places))


async def look_at(page: Page, path: str) -> None:
    """Open it, and see at each width that nothing sticks out."""
    await page.goto(path)
    await expect(page.locator(".fragment .skeleton")).to_have_count(0)
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate(SPILLS) == [], width
