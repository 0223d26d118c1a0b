"""03:12, on a phone: the mail, the link, one press; then the incident, from the first update to the end."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, StorageState, expect

from tests.browser.alerts import open_incident
from tests.browser.pages import ack_path, page_mail
from tests.browser.watch import Watch, violations
from tocsin.api import Api
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import OneProcess

pytestmark = pytest.mark.browser


@pytest_asyncio.fixture(loop_scope="session")
async def phone(browser: Browser, world: OneProcess, ana: StorageState) -> AsyncIterator[Page]:
    """Ana's phone, dark, as it lies beside her bed."""
    context = await browser.new_context(
        base_url=world.origin,
        storage_state=ana,
        viewport={"width": 390, "height": 844},
        color_scheme="dark",
        has_touch=True,
    )
    page = await context.new_page()
    watch = Watch(page)
    yield page
    watch.assert_quiet()
    await context.close()


async def test_from_the_mail_to_the_end(phone: Page, api: Api) -> None:
    incident = await open_incident(api, "Order mails bounce", service="mail-eu", severity="critical")
    mail = await eventually(lambda: page_mail(api, incident), within=20)

    await phone.goto(ack_path(mail[1]))
    answer = phone.get_by_role("button", name="Acknowledge")
    await expect(answer).to_be_in_viewport()
    await answer.tap()
    await expect(phone.locator("main")).to_contain_text("You have it")
    assert await violations(phone) == []

    await phone.get_by_role("link", name="Open the incident").tap()
    for first in ("Order mails bounce", "Open for", "Who has it", "Resolve"):
        await expect(phone.locator("main").get_by_text(first).first).to_be_in_viewport()

    await phone.get_by_label("What is new").fill("The provider limits us; we send through the other one.")
    await phone.get_by_role("button", name="Post update").tap()
    await expect(phone.locator("#incident-story")).to_contain_text("through the other one")

    await phone.get_by_role("button", name="Resolve", exact=True).first.tap()
    await expect(phone.locator("#incident-head")).to_contain_text("Resolved")
    assert await phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_link_works_once(phone: Page, api: Api) -> None:
    incident = await open_incident(api, "Order mails are late", service="mail-us", severity="high")
    mail = await eventually(lambda: page_mail(api, incident), within=20)
    await phone.goto(ack_path(mail[1]))
    await phone.get_by_role("button", name="Acknowledge").tap()
    await expect(phone.locator("main")).to_contain_text("You have it")

    await phone.goto(ack_path(mail[1]))

    await expect(phone.locator("main")).to_contain_text("has it since")
    await expect(phone.get_by_role("button")).to_have_count(0)
