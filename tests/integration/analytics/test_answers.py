"""What the API answers to a bad question, to a stranger, and to text that a spreadsheet would run."""

import csv
from datetime import timedelta
from io import StringIO
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from tests.integration.analytics.conftest import Tell
from tests.unit.analytics.year import year
from tocsin_analytics.workers.freshness import Freshness
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_events.incidents import IncidentOpened
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.metrics import Metrics
from tocsin_testkit.apps import running

BAD_QUESTIONS: list[tuple[str, dict[str, str], int, str]] = [
    ("summary", {"from": "2026-03-03", "to": "2026-03-01"}, 422, "'to' must be later"),
    ("summary", {"from": "yesterday"}, 422, "2026-03-02"),
    ("summary", {"from": "2026-03-02T10:00"}, 422, "time zone"),
    ("summary", {"from": "0001-01-01", "to": "0001-01-02"}, 422, "between the years"),
    ("summary", {"to": "9999-12-31"}, 422, "calendar"),
    ("summary", {"from": "2001-01-01"}, 422, "Ask for less"),
    ("summary", {"tz": "Mars/Olympus"}, 422, "Europe/Berlin"),
    ("summary", {"team": "nobody"}, 422, "No team is called"),
    ("summary", {"severity": "SEV-9"}, 422, "SEV-1"),
    ("summary", {"days": "0"}, 422, "greater than or equal to 1"),
    ("incidents", {"limit": "0"}, 422, "limit"),
    ("incidents", {"limit": "201"}, 422, "limit"),
    ("incidents", {"cursor": "made-up"}, 422, "cursor"),
    ("series/joy", {}, 404, "recover"),
    ("series/recover", {"by": "fortnight"}, 422, "week"),
    ("nothing", {}, 404, "Nothing is at"),
]


async def test_a_bad_question_is_told_what_to_change(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    for path, params, status, says in BAD_QUESTIONS:
        with subtests.test(path=path, **params):
            answer = await client.get(f"/api/v1/analytics/{path}", params=params)

            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
            assert says in answer.text
            if status == 422:
                assert {error["pointer"] for error in answer.json()["errors"]} <= set(params)
                assert answer.json()["errors"]


async def test_no_text_however_odd_is_an_error(client: httpx2.AsyncClient) -> None:
    for service in ("\x00", "%00", "' OR 1=1 --", "\N{PILE OF POO}", "x" * 200):
        answer = await client.get("/api/v1/analytics/summary", params={"service": service})
        assert answer.status_code == 200
        assert answer.json()["incidents"]["n"] == 0


async def test_figures_are_for_those_who_may_read_them(app: FastAPI) -> None:
    async with running(app) as stranger:
        for path in ("summary", "incidents.csv", "series/recover", "interruptions", "definitions"):
            assert (await stranger.get(f"/api/v1/analytics/{path}")).status_code == 401
        page = await stranger.get("/analytics?days=7")
        assert page.status_code in (302, 303)
        assert "next=" in page.headers["location"]


async def test_no_incident_means_no_figure_and_never_zero(client: httpx2.AsyncClient) -> None:
    found = (await client.get("/api/v1/analytics/summary")).json()

    assert found["incidents"]["n"] == 0
    assert all(figure["now"]["median"] is None for figure in found["figures"])
    assert found["last_event_at"] is None


async def test_definitions_are_served_with_the_figures(client: httpx2.AsyncClient) -> None:
    told = (await client.get("/api/v1/analytics/definitions")).json()
    found = (await client.get("/api/v1/analytics/summary")).json()

    assert set(told["durations"]) == {figure["metric"] for figure in found["figures"]}
    assert told["durations"]["recover"]["from"] == "the start of the impact"
    assert all(figure["definition"] for figure in found["figures"])
    assert "drills" in told["rules"]


async def test_a_title_cannot_run_in_a_spreadsheet(client: httpx2.AsyncClient, tell: Tell) -> None:
    opened = next(event for event in year(5) if isinstance(event, IncidentOpened))
    titles = ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", 'a "quoted", title', "two\nlines"]
    await tell(
        opened.model_copy(
            update={
                "incident": opened.incident.model_copy(
                    update={
                        "title": title,
                        "incident_id": UUID(int=n + 1),
                        "drill": False,
                    }
                )
            }
        )
        for n, title in enumerate(titles)
    )

    answer = await client.get(
        "/api/v1/analytics/incidents.csv", params={"from": "2026-01-01", "to": "2026-12-31"}
    )

    found = {row["title"] for row in csv.DictReader(StringIO(answer.text, newline=""))}
    assert found == {f"'{title}" for title in titles[:5]} | set(titles[5:])


async def test_the_age_of_the_figures_is_measured(
    open_uow: OpenUnitOfWork, clock: ManualClock, tell: Tell
) -> None:
    registry = CollectorRegistry()
    freshness = Freshness(Metrics(registry, "analytics"), open_uow)

    def shown(name: str) -> float | None:
        return registry.get_sample_value(f"tocsin_analytics_{name}")

    await freshness.run_once()
    assert (shown("last_event_age_seconds"), shown("incidents_known")) == (-1, 0)

    await tell(year(3))
    clock.forward(timedelta(minutes=2))
    await freshness.run_once()
    assert (shown("last_event_age_seconds"), shown("incidents_known")) == (120, 3)


async def test_metrics_are_served(client: httpx2.AsyncClient) -> None:
    assert "tocsin_analytics_last_event_age_seconds" in (await client.get("/metrics")).text
