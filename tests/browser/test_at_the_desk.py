"""The console as its users use it: by keyboard, while things happen, and by form."""

import asyncio
import re

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from tests.browser.alerts import known_alert, open_incident
from tests.browser.watch import violations
from tocsin.api import Api
from tools.demo import Told

pytestmark = pytest.mark.browser
NEWS = re.compile(r"\d+ new")


async def test_an_incident_is_declared_without_a_mouse(desk: Page) -> None:
    await desk.goto("/alerts")
    await desk.keyboard.press("c")
    await desk.wait_for_url("**/incidents/new")
    await expect(desk.get_by_label("What is broken")).to_be_focused()

    await desk.keyboard.type("The shop shows yesterday's prices")
    await desk.keyboard.press("Tab")
    await desk.keyboard.press("ArrowDown")
    await desk.keyboard.press("Tab")
    await desk.keyboard.type("Database")
    await desk.get_by_role("button", name="Declare").press("Enter")

    await expect(desk.locator("h1")).to_have_text("The shop shows yesterday's prices")
    await expect(desk.locator("#incident-head")).to_contain_text("SEV-3")
    await expect(desk.locator("#incident-head")).to_contain_text("Database")


async def test_the_keys_are_listed(desk: Page) -> None:
    await desk.goto("/incidents")
    await desk.keyboard.press("?")

    await expect(desk.get_by_role("dialog", name="Keys")).to_contain_text("Declare an incident")
    assert await violations(desk) == []
    await desk.keyboard.press("Escape")
    await expect(desk.get_by_role("dialog", name="Keys")).to_be_hidden()


@pytest.mark.parametrize(
    "path", ["/incidents", "/incidents/{fresh}", "/alerts", "/on-call", "/comms", "/people"]
)
async def test_every_key_that_acts_is_listed_and_no_other(desk: Page, told: Told, path: str) -> None:
    await desk.goto(path.format(fresh=told.fresh))
    await expect(desk.locator(".fragment .skeleton")).to_have_count(0)
    acting = "all => all.filter(one => one.checkVisibility()).map(one => one.dataset.actionKey)"
    keys = await desk.locator("[data-action-key]").evaluate_all(acting)
    await desk.keyboard.press("?")

    dialog = desk.get_by_role("dialog", name="Keys")
    assert set(keys) <= set(await dialog.locator("kbd:visible").all_inner_texts())
    for only_here, what in (
        ("[data-search]", "Filter the list"),
        ("tbody tr, [data-row]", "Next and previous row"),
    ):
        shown = await desk.locator(only_here).count() > 0
        await expect(dialog.get_by_text(what)).to_be_visible(visible=shown)
    await desk.keyboard.press("Escape")
    await desk.keyboard.press("?")
    await expect(dialog.locator("[data-keys-here] dt")).to_have_count(len(set(keys)))


async def test_one_key_alone_resolves_nothing(desk: Page, api: Api) -> None:
    made = api.call("POST", "/api/v1/incidents", json={"title": "A cat on the keyboard", "severity": "SEV-4"})
    await desk.goto(f"/incidents/{made['ref']}")
    await desk.keyboard.press("r")
    await expect(desk.get_by_role("button", name="Resolve").first).to_be_focused()
    await expect(desk.locator("#incident-head .badge", has_text="Resolved")).to_have_count(0)

    await desk.keyboard.press("Enter")
    await expect(desk.locator("#incident-head .badge", has_text="Resolved")).to_be_visible()


async def test_the_palette_leads_to_an_incident_and_does_what_the_page_offers(desk: Page, told: Told) -> None:
    await desk.goto("/services")
    await desk.keyboard.press("Control+k")
    await expect(desk.get_by_role("combobox")).to_be_focused()
    assert await violations(desk) == []
    await desk.keyboard.type(told.over)
    await desk.keyboard.press("Enter")
    await desk.wait_for_url(f"**/incidents/{told.over}")

    await desk.keyboard.press("Control+k")
    await desk.keyboard.type("on-call")
    await desk.keyboard.press("Enter")
    await desk.wait_for_url("**/on-call")


async def test_what_comes_in_shows_up_in_open_pages(context: BrowserContext, desk: Page, api: Api) -> None:
    incidents = await context.new_page()
    await desk.goto("/alerts")
    await incidents.goto("/incidents")
    title = "Search answers 500 to one in ten"

    ref = await open_incident(api, title, service="search-eu", severity="high")

    for page in (desk, incidents):
        await expect(page.get_by_role("link", name=title)).to_have_count(0)
        await page.get_by_role("button", name=NEWS).click()
        await expect(page.get_by_role("link", name=title)).to_be_visible()
    await expect(incidents.locator("tr", has_text=title)).to_contain_text(ref)


async def test_what_comes_in_before_the_page_listens_shows_up_too(desk: Page, api: Api) -> None:
    """A page is rendered before its stream is open."""
    held: asyncio.Future[Route] = asyncio.get_running_loop().create_future()
    await desk.route("**/stream", lambda route: held.set_result(route))
    await desk.goto("/alerts/integrations")
    stream = await held
    new = {"name": "Backup robot", "source": "generic"}
    await asyncio.to_thread(api.call, "POST", "/api/v1/integrations", json=new)
    await stream.continue_()

    await expect(desk.get_by_role("link", name="Backup robot")).to_be_visible()


async def test_new_rows_are_counted_as_the_filter_has_it(
    context: BrowserContext, desk: Page, api: Api
) -> None:
    """One declared is one new, where it is shown; what then becomes of it is no other."""
    grave = await context.new_page()
    await grave.goto("/incidents?severity=SEV-1")
    await desk.goto("/incidents")

    for severity, title in (("SEV-4", "A typo in the footer"), ("SEV-1", "Nobody can pay")):
        made = api.call("POST", "/api/v1/incidents", json={"title": title, "severity": severity})
        api.call("POST", f"/api/v1/incidents/{made['id']}/acknowledge")

    await expect(desk.locator(".live-notice")).to_have_text("2 new. Show")
    await expect(grave.locator(".live-notice")).to_have_text("1 new. Show")
    await grave.get_by_role("button", name=NEWS).click()
    row = grave.locator("tr", has_text="Nobody can pay")
    await expect(row).to_contain_text("Acknowledged")
    api.call("POST", f"/api/v1/incidents/{made['id']}/status", json={"status": "investigating"})
    await expect(row).to_contain_text("Investigating")
    await expect(grave.locator(".live-notice")).to_have_count(0)


async def test_an_open_incident_moves_while_somebody_writes(desk: Page, api: Api, told: Told) -> None:
    await desk.goto(f"/incidents/{told.open}")
    written = desk.get_by_label("What is new")
    await written.fill("Half a sent")

    note = {"body": "The replica is caught up."}
    await asyncio.to_thread(api.call, "POST", f"/api/v1/incidents/{told.open}/notes", json=note)

    await expect(desk.locator("#incident-story")).to_contain_text("The replica is caught up.")
    await expect(written).to_have_value("Half a sent")
    await expect(written).to_be_focused()


async def test_somebody_takes_over(desk: Page) -> None:
    await desk.goto("/on-call")
    await desk.get_by_label("What", exact=True).select_option(label="Platform, primary")
    await desk.get_by_label("Who takes over").select_option(label="Bo Lind")
    await desk.get_by_label("Note").fill("Chidi is at the dentist")
    await desk.get_by_role("button", name="Take over").click()

    row = desk.locator("tr", has_text="Chidi is at the dentist")
    await expect(row).to_contain_text("Bo Lind for")
    await expect(desk.get_by_role("link", name="Bo Lind (override)")).to_be_visible()
    await row.get_by_role("button").click()
    await expect(desk.get_by_text("Chidi is at the dentist")).to_have_count(0)


async def test_a_new_integration_says_what_to_paste_and_shows_what_came(desk: Page, api: Api) -> None:
    await desk.goto("/alerts/integrations")
    await desk.get_by_label("Name", exact=True).fill("Cron jobs")
    await desk.get_by_role("button", name="Add integration").click()
    await expect(desk.locator("h1")).to_have_text("Cron jobs")
    curl = await desk.locator("pre").first.inner_text()
    found = re.search(r"(/api/v1/webhooks/generic/\S+)", curl)
    assert found
    assert "YOUR_KEY" not in curl

    alert = {"title": "Backup failed", "severity": "info"}
    await asyncio.to_thread(api.call, "POST", found[1], json=alert)

    await expect(desk.locator("#deliveries")).to_contain_text("Accepted")
    await desk.goto("/alerts/integrations")
    await desk.get_by_role("link", name="Cron jobs").click()
    await expect(desk.locator("pre").first).to_contain_text("YOUR_KEY")


async def test_an_alert_says_why(desk: Page, api: Api) -> None:
    title = "Certificates end in 5 days"
    await known_alert(api, title, service="checkout", severity="info")
    await desk.goto("/alerts")
    await desk.get_by_role("link", name=title).click()

    await expect(desk.locator("#why")).to_contain_text("dedup_key")
    await desk.get_by_role("button", name="Resolve").click()
    await expect(desk.locator("main")).to_contain_text("Resolved")
