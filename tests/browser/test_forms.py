"""Forms in a real browser: planned work with its mistakes, and secrets that a reload does not bring back."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.watch import violations
from tocsin.api import Api
from tocsin_testkit.world import OneProcess

pytestmark = pytest.mark.browser
DESK, PHONE = (1440, 900), (390, 844)


async def assert_fits(page: Page) -> None:
    """Accessible, light and dark, at a desk and on a phone, and nowhere too wide."""
    for width, height in (PHONE, DESK):
        await page.set_viewport_size({"width": width, "height": height})
        for scheme in ("dark", "light"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert await violations(page) == [], (width, scheme)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width


async def test_work_is_planned_moved_and_called_off(desk: Page) -> None:
    await desk.goto("/comms")
    await desk.get_by_role("link", name="Plan work").click()
    form = desk.get_by_role("region", name="Plan work")
    await form.get_by_label("Name").fill("New certificates")
    await form.get_by_label("From").fill("2031-03-01T22:00")
    await form.get_by_label("Until").fill("2031-03-01T21:00")
    await form.get_by_role("button", name="Announce").click()

    await expect(form.get_by_role("alert")).to_contain_text("Choose an end that is after the beginning")
    await expect(form.get_by_role("alert")).to_contain_text("Choose what is worked on")
    await assert_fits(desk)
    await form.get_by_label("Until").fill("2031-03-01T23:00")
    await form.get_by_label("Order mail").check()
    await form.get_by_role("button", name="Announce").click()

    row = desk.locator("#planned tr", has_text="New certificates")
    await expect(row).to_contain_text("Order mail")
    await expect(row).to_contain_text("Planned")
    await assert_fits(desk)
    await row.get_by_role("link", name="New certificates").click()
    await expect(desk.get_by_label("From")).to_have_value("2031-03-01T22:00")
    await desk.get_by_label("Name").fill("Newer certificates")
    await desk.get_by_role("button", name="Save").click()

    await desk.get_by_role("link", name="Newer certificates").click()
    await desk.get_by_text("Call it off").first.click()
    await desk.get_by_role("button", name="Call it off").click()
    await expect(desk.locator("#planned")).not_to_contain_text("certificates")


async def test_what_is_wrong_with_a_form_is_in_sight_and_its_address_leads_back(
    desk: Page, world: OneProcess
) -> None:
    for width, height in (DESK, PHONE):
        await desk.set_viewport_size({"width": width, "height": height})
        await desk.goto("/on-call/schedules/platform")
        await desk.get_by_role("link", name="Take over").click()
        await expect(desk.locator("#duty option:checked")).to_have_text("Platform, primary")
        await desk.get_by_label("Until").fill("2020-01-01T00:00")
        await desk.get_by_role("button", name="Take over").click()

        await expect(desk.get_by_role("alert")).to_be_focused()
        await expect(desk.get_by_role("alert")).to_be_in_viewport(ratio=1)
        await desk.goto(desk.url)
        await expect(desk).to_have_url(f"{world.origin}/on-call")


async def test_a_token_is_gone_after_a_reload_and_no_other_is_made(desk: Page) -> None:
    await desk.goto("/settings")
    await desk.get_by_text("Make a token").click()
    await desk.get_by_label("What is it for").fill("CI of the shop")
    await desk.get_by_label("incidents:read").check()
    await desk.get_by_role("button", name="Make token").click()

    secret = desk.locator(".notice code")
    await expect(secret).to_contain_text("tcs_")
    await assert_fits(desk)
    await desk.reload()
    await expect(desk.get_by_text("CI of the shop")).to_have_count(1)
    await expect(secret).to_have_count(0)


async def test_an_integrations_key_is_gone_after_a_reload(desk: Page) -> None:
    await desk.goto("/alerts/integrations")
    await desk.get_by_label("Name", exact=True).fill("Nightly jobs")
    await desk.get_by_role("button", name="Add integration").click()

    secret = desk.locator(".notice code")
    await expect(secret).to_contain_text("tci_")
    await assert_fits(desk)
    await desk.reload()
    await expect(desk.locator("h1")).to_have_text("Nightly jobs")
    await expect(secret).to_have_count(0)
    await desk.goto("/alerts/integrations")
    await expect(desk.get_by_role("link", name="Nightly jobs")).to_have_count(1)


async def test_a_log_in_link_fits_a_phone(desk: Page) -> None:
    await desk.goto("/people")
    await desk.get_by_role("link", name="Bo Lind").click()
    await desk.get_by_role("button", name="Make a log-in link").click()
    await expect(desk.locator(".notice code")).to_contain_text("/login/link/")
    await assert_fits(desk)


async def test_an_integration_is_changed_on_its_page_whose_health_follows(desk: Page, api: Api) -> None:
    made = api.call("POST", "/api/v1/integrations", json={"name": "Late shift", "source": "generic"})
    await desk.goto(f"/alerts/integrations/{made['id']}")
    await desk.get_by_text("Change it").click()
    await desk.get_by_role("combobox", name="Service").fill("web")
    assert await violations(desk) == []
    await desk.get_by_role("button", name="Save").click()

    await expect(desk.locator("main dt", has_text="Service").locator("+ dd")).to_have_text("web")
    await expect(desk.locator("#health")).to_contain_text("Waiting")
    alert = {"title": "The night is late", "severity": "info"}
    api.call("POST", f"/api/v1/webhooks/generic/{made['key']}", json=alert)
    await expect(desk.locator("#health")).to_contain_text("Healthy")
