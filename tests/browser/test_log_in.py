"""Who gets in, and what each may do there."""

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, StorageState, expect

from tests.browser.conftest import BO, CHIDI, login_link
from tests.browser.watch import Watch, violations
from tocsin.api import Api
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import OneProcess
from tools.demo import Told

pytestmark = pytest.mark.browser
PASSWORD = "four words are a password"
LOOKED_AT = (
    "/incidents",
    "/incidents/INC-3",
    "/services",
    "/services/checkout",
    "/alerts",
    "/alerts/integrations",
    "/on-call",
    "/on-call/schedules/shop",
    "/escalation-policies",
    "/people",
    "/people/teams",
    "/comms",
)
OF_ONES_OWN = '[action="/logout"]'
FORBIDDEN = (
    "Declare",
    "Edit",
    "Add",
    "Take over",
    "Acknowledge",
    "Publish",
    "Hide",
    "Write an update",
    "Resolve",
)


async def test_by_link_then_by_password(browser: Browser, world: OneProcess, api: Api, told: Told) -> None:
    context = await browser.new_context(base_url=world.origin)
    page = await context.new_page()
    watch = Watch(page)
    await page.goto("/on-call")
    await expect(page).to_have_url(f"{world.origin}/login?next=/on-call")
    link = login_link(api, BO)
    await page.goto(link)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url("**/settings#password")
    await page.get_by_label("New password").fill(PASSWORD)
    await page.get_by_role("button", name="Save password").click()
    await expect(page.get_by_label("Current password")).to_be_visible()

    await page.locator(".avatar-button").click()
    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_url("**/login")
    await page.goto("/incidents")
    await page.get_by_label("E-mail").fill(BO)
    await page.get_by_label("Password").fill("not the password")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.locator(".notice")).to_be_visible()
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()

    await expect(page).to_have_url(f"{world.origin}/incidents")
    await page.goto(link)
    await expect(page.locator("h1")).to_have_text("This link is over")
    watch.assert_quiet()
    await context.close()


async def test_what_was_typed_outlives_a_log_out_in_another_tab(
    browser: Browser, world: OneProcess, api: Api, told: Told
) -> None:
    context = await browser.new_context(base_url=world.origin)
    page, other = await context.new_page(), await context.new_page()
    watch = Watch(page)
    await page.goto(login_link(api, CHIDI))
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url("**/settings#password")
    await page.get_by_label("New password").fill(PASSWORD)
    await page.get_by_role("button", name="Save password").click()
    await expect(page.get_by_label("Current password")).to_be_visible()

    await page.goto(f"/incidents/{told.fresh}")
    await page.get_by_label("What is new").fill("The pool is draining.")
    await page.get_by_label("Also on the status page").check()
    await other.goto("/settings")
    await other.locator(".avatar-button").click()
    await other.get_by_role("button", name="Log out").click()
    await other.wait_for_url("**/login")

    async def turned_away() -> bool:
        """The other services hear of a log-out a moment later; until then the post would be taken."""
        return (await context.request.get("/incidents", max_redirects=0)).status == 303

    await eventually(turned_away, within=10)
    await page.get_by_role("button", name="Post update").click()
    await expect(page).to_have_url(f"{world.origin}/login?next=/incidents/{told.fresh}")
    await page.get_by_label("E-mail").fill(CHIDI)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()

    await page.wait_for_url(f"**/incidents/{told.fresh}")
    await expect(page.get_by_label("What is new")).to_have_value("The pool is draining.")
    await expect(page.get_by_label("Also on the status page")).to_be_checked()
    await expect(page.locator("#toasts")).to_contain_text("It was not sent")
    await page.get_by_role("button", name="Post update").click()
    await expect(page.locator("#incident-story")).to_contain_text("The pool is draining.")
    await expect(page.get_by_label("What is new")).to_have_value("")
    await page.reload()
    await expect(page.get_by_label("What is new")).to_have_value("")
    watch.assert_quiet()
    await context.close()


async def test_whoever_just_logged_in_waits_for_a_service_that_has_not_heard_of_it(
    context: BrowserContext, desk: Page, world: OneProcess
) -> None:
    asked: list[str] = []

    async def not_yet(route: Route) -> None:
        """What a service does that does not know the person yet, as far as a browser's test can make it."""
        asked.append(route.request.url)
        away = {"Refresh": f"0; url={world.origin}/login?next=/services"}
        await (route.fulfill(status=200, headers=away) if len(asked) < 3 else route.continue_())

    await context.add_cookies([{"name": "tocsin_waits", "value": "1", "url": f"{world.origin}/login"}])
    await context.route(f"{world.origin}/services", not_yet)
    await desk.goto("/login?next=/services")
    await expect(desk.locator("h1")).to_have_text("One moment")
    assert await violations(desk) == []
    await desk.wait_for_url(f"{world.origin}/services")
    await expect(desk.locator("h1")).to_have_text("Services")
    assert len(asked) == 3


async def test_a_form_of_somebody_elses_session_is_refused(
    desk: Page, world: OneProcess, dana: StorageState, browser: Browser, told: Told
) -> None:
    other = await browser.new_page(base_url=world.origin, storage_state=dana)
    await desk.goto(f"/incidents/{told.fresh}")
    await other.goto(desk.url)
    theirs = await other.locator("[name=csrf]").first.get_attribute("value")
    await other.close()

    await desk.locator(".composer [name=csrf]").evaluate("(field, value) => { field.value = value }", theirs)
    await desk.get_by_label("What is new").fill("Not from here")
    async with desk.expect_navigation() as navigation:
        await desk.get_by_role("button", name="Post update").click()

    answer = await navigation.value
    assert answer is not None
    assert answer.status == 403
    await desk.goto(f"/incidents/{told.fresh}")
    await expect(desk.locator("#incident-story")).not_to_contain_text("Not from here")


async def test_whoever_may_only_look_is_offered_nothing_else(
    browser: Browser, world: OneProcess, dana: StorageState, told: Told
) -> None:
    page = await browser.new_page(base_url=world.origin, storage_state=dana)
    watch = Watch(page)
    for path in LOOKED_AT:
        await page.goto(path)
        await expect(page.locator(".fragment .skeleton")).to_have_count(0)
        await expect(page.locator(f"form[method=post]:not({OF_ONES_OWN})")).to_have_count(0)
        offered = await page.locator("main .button").all_inner_texts()
        assert [text for text in offered if text.strip().startswith(FORBIDDEN)] == [], path
    answer = await page.goto("/incidents/new")
    assert answer is not None
    assert answer.status == 403
    watch.assert_quiet()
    await page.close()
