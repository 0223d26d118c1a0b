"""The page: what it shows, what it links to, and that it says so when there is nothing to show."""

from html.parser import HTMLParser
from typing import Any

import httpx2
from fastapi import FastAPI

from tests.integration.analytics.conftest import Tell
from tests.unit.analytics.year import year
from tocsin_events.envelope import Envelope
from tocsin_events.incidents import IncidentOpened
from tocsin_runtime.ids import new_id
from tocsin_testkit.waiting import eventually

YEAR = {"from": "2026-01-01", "to": "2026-12-31"}
CHARTS = ("recover", "acknowledge", "severity", "incidents")


class Links(HTMLParser):
    """Every link and every chart's address of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.charts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "a" and named.get("href"):
            self.hrefs.append(str(named["href"]))
        if named.get("data-chart-url"):
            self.charts.append(str(named["data-chart-url"]))


async def test_before_the_first_incident_the_page_says_what_comes(client: httpx2.AsyncClient) -> None:
    page = await client.get("/analytics")

    assert page.status_code == 200
    assert "No figures yet" in page.text
    assert not Links(page.text).charts


async def test_the_page_shows_figures_charts_tables_and_what_is_behind_them(
    client: httpx2.AsyncClient, tell: Tell
) -> None:
    await tell(year(30))

    page = await client.get("/analytics", params=YEAR)

    found = Links(page.text)
    assert page.status_code == 200
    assert len(page.text) < 100_000
    assert "default-src" in page.headers["content-security-policy"]
    for words in ("Time to acknowledge", "Time to recover", "n = ", "Who was interrupted"):
        assert words in page.text
    assert len(found.charts) == len(CHARTS)
    for address in found.charts:
        spec: dict[str, Any] = (await client.get(address)).json()
        assert all(
            len(each["values"]) == len(spec["categories"]) == len(spec["links"]) for each in spec["series"]
        )
    for address in {href for href in found.hrefs if href.startswith(("/api/v1/analytics/", "/analytics?"))}:
        assert (await client.get(address)).status_code == 200, address
    assert any(href.startswith("/incidents/INC-") for href in found.hrefs)


async def test_filters_live_in_the_address(client: httpx2.AsyncClient, tell: Tell) -> None:
    await tell(year(30))
    chosen = {**YEAR, "service": "Search", "severity": "SEV-3"}

    page = await client.get("/analytics", params=chosen)
    summary = (await client.get("/api/v1/analytics/summary", params=chosen)).json()

    assert f"{summary['incidents']['n']} in the period" in page.text
    assert all("service=Search" in href for href in Links(page.text).charts)


async def test_the_list_goes_on_page_by_page(client: httpx2.AsyncClient, tell: Tell) -> None:
    await tell(year(30))
    address, seen = "/analytics?from=2026-01-01&to=2026-12-31", set[str]()
    while address:
        page = Links((await client.get(address)).text)
        seen |= {href for href in page.hrefs if href.startswith("/incidents/INC-")}
        address = next((href for href in page.hrefs if "cursor=" in href), "")

    assert len(seen) == (await client.get("/api/v1/analytics/summary", params=YEAR)).json()["incidents"]["n"]


async def test_a_bad_address_is_answered_with_a_page_that_says_why(client: httpx2.AsyncClient) -> None:
    for query, says in (("days=0", "whole number"), ("from=x", "is no time"), ("days=1e9", "whole number")):
        page = await client.get(f"/analytics?{query}", headers={"Accept": "text/html"})
        assert page.status_code == 422
        assert says in page.text
    assert (await client.get("/analytics/charts/joy.json")).status_code == 404


async def test_a_hostile_title_is_only_text(client: httpx2.AsyncClient, tell: Tell) -> None:
    opened = next(event for event in year(9) if isinstance(event, IncidentOpened))
    title = "<script>alert(1)</script><img onerror=x>"
    await tell([opened.model_copy(update={"incident": opened.incident.model_copy(update={"title": title})})])

    page = await client.get("/analytics", params={**YEAR, "drills": "1" if opened.incident.drill else ""})

    assert "&lt;script&gt;" in page.text
    assert "<img onerror" not in page.text


async def test_an_event_on_the_bus_becomes_a_figure(client: httpx2.AsyncClient, app: FastAPI) -> None:
    opened = next(
        event for event in year(9) if isinstance(event, IncidentOpened) and not event.incident.drill
    )
    envelope = Envelope(
        id=new_id(),
        type=opened.TYPE,
        source="/tocsin/incidents",
        topic=opened.TOPIC,
        key=opened.key,
        occurred_at=opened.incident.opened_at,
        data=opened.model_dump_json().encode(),
        correlation_id=new_id(),
    )

    await app.state.service.platform.bus.publish([envelope, envelope])

    async def counted() -> bool:
        found = (await client.get("/api/v1/analytics/summary", params=YEAR)).json()
        return bool(found["incidents"]["n"] == 1)

    await eventually(counted, within=20)
