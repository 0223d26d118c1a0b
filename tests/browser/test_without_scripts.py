"""Nothing that matters at night, and nothing that the world reads, needs a script."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, StorageState, expect

from tests.browser.alerts import open_incident, send
from tocsin.api import Api
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import OneProcess

pytestmark = pytest.mark.browser
HEAVIEST = 60_000


@pytest_asyncio.fixture(loop_scope="session")
async def plain(browser: Browser, world: OneProcess, ana: StorageState) -> AsyncIterator[Page]:
    """A browser that runs no script."""
    context = await browser.new_context(
        base_url=world.origin,
        storage_state=ana,
        java_script_enabled=False,
        viewport={"width": 390, "height": 844},
    )
    yield await context.new_page()
    await context.close()


async def test_declare_acknowledge_and_update(plain: Page) -> None:
    await plain.goto("/incidents/new")
    await plain.get_by_label("What is broken").fill("Invoices are empty")
    await plain.get_by_label("SEV-2").check()
    await plain.get_by_role("button", name="Declare").click()
    await expect(plain.locator("h1")).to_have_text("Invoices are empty")

    await plain.get_by_role("button", name="Acknowledge").click()
    await expect(plain.locator("#incident-head")).to_contain_text("Ana Ruiz")
    await plain.get_by_label("What is new").fill("A template lost its lines.")
    await plain.get_by_role("button", name="Post update").click()

    await expect(plain.locator("#incident-story")).to_contain_text("A template lost its lines.")


async def test_parts_of_other_services_are_links(plain: Page) -> None:
    await plain.goto("/services/checkout")

    await expect(plain.get_by_role("link", name="On-call").last).to_be_visible()
    await expect(plain.locator(".fragment")).not_to_have_count(0)
    await expect(plain.locator(".skeleton:visible")).to_have_count(0)


async def test_an_open_sev1_stands_across_every_page(plain: Page, api: Api) -> None:
    title = 'Nothing is "up"; } * { display: none } <b>'
    made = api.call("POST", "/api/v1/incidents", json={"title": title, "severity": "SEV-1"})
    for path in ("/on-call", "/analytics", "/incidents"):
        await plain.goto(path)
        line = plain.locator(".sev1-slot").get_by_role("link")
        said = await line.locator(".sev1-title").evaluate("line => getComputedStyle(line, '::after').content")
        assert f"{made['ref']} {made['title']}" in said.replace('\\"', '"')
        await expect(line).to_be_in_viewport()
        assert await plain.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await line.click()
    await expect(plain.locator("tr").get_by_role("link", name=made["ref"])).to_be_visible()
    api.call("POST", f"/api/v1/incidents/{made['id']}/resolve")


async def test_the_status_page_turns_and_comes_back(plain: Page, api: Api) -> None:
    async def says(text: str) -> bool:
        answer = await plain.goto("/status")
        assert answer is not None
        assert len(await answer.body()) < HEAVIEST
        return text in await plain.inner_text("main")

    title = "Search finds nothing"
    ref = await open_incident(api, title, service="search", severity="critical")
    await eventually(lambda: says("Search: major outage"), within=20)
    update = {"body": "We restore the index.", "public": True}
    await asyncio.to_thread(api.call, "POST", f"/api/v1/incidents/{ref}/updates", json=update)
    await eventually(lambda: says("We restore the index."), within=20)

    await asyncio.to_thread(send, api, title, service="search", severity="critical", status="resolved")

    await eventually(lambda: says("The problem with Search is resolved."), within=20)
