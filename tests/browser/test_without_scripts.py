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
