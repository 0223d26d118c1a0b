"""Times read the same with and without scripts, in the zone of the reader, and in that of a schedule that differs."""

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, StorageState, expect

from tests.browser.conftest import BO, logged_in
from tocsin.api import Api
from tocsin_testkit.world import OneProcess
from tools.demo import Told

pytestmark = pytest.mark.browser
TIMES = "all => all.filter(one => one.dataset.local !== 'ago').map(one => one.textContent)"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bo(browser: Browser, api: Api, told: Told) -> StorageState:
    """The cookies of Bo, who lives in New York and is on call for schedules of Berlin."""
    return await logged_in(browser, api, BO)


async def times(page: Page, path: str) -> list[str]:
    """Every date and hour in a page."""
    await page.goto(path)
    found: list[str] = await page.locator("main time[data-local]:not(.fragment *)").evaluate_all(TIMES)
    return found


@pytest.mark.parametrize("path", ["/incidents/{open}", "/on-call", "/on-call/schedules/shop", "/comms"])
async def test_scripts_change_no_time(
    browser: Browser, world: OneProcess, bo: StorageState, told: Told, path: str
) -> None:
    path = path.format(open=told.open)
    shown = []
    for scripts in (True, False):
        page = await browser.new_page(
            base_url=world.origin,
            storage_state=bo,
            java_script_enabled=scripts,
            timezone_id="Asia/Kolkata",  # where he travels; his times stay those of the zone that he chose
        )
        shown.append(await times(page, path))
        await page.close()

    assert shown[0] == shown[1]
    assert any(" EST" in time or " EDT" in time for time in shown[0])


async def test_a_card_says_when_the_shift_ends_there_too(
    browser: Browser, world: OneProcess, bo: StorageState, desk: Page
) -> None:
    page = await browser.new_page(base_url=world.origin, storage_state=bo)
    await page.goto("/on-call")
    card = page.get_by_role("region", name="On call now").locator(".panel").first
    await expect(card).to_contain_text(", 09:00 CE")
    await expect(card).to_contain_text("Europe/Berlin")
    await page.close()

    await desk.goto("/on-call")
    card = desk.get_by_role("region", name="On call now").locator(".panel").first
    await expect(card).to_contain_text(", 09:00 CE")
    await expect(card).not_to_contain_text("Europe/Berlin")
