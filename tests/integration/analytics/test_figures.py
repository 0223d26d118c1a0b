"""Figures from the API, compared with SQL that was written independently of the service's own."""

import asyncio
import csv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from tests.integration.analytics.conftest import tell_all
from tests.unit.analytics.year import PEOPLE, SERVICES, service_id, year
from tocsin_bus.unit_of_work import unit_of_work_opener
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database
from tocsin_runtime.schemas import role_of
from tocsin_testkit.postgres import TestServer
from tocsin_testkit.templates import Templates

YEAR = {"from": "2026-01-01", "to": "2026-12-31"}
QUARTER = {"from": "2026-04-01", "to": "2026-06-30"}

ACKNOWLEDGED = """
SELECT count(took) AS n,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY took) AS median,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY took) AS p90,
       avg(took)::float8 AS mean,
       count(*) FILTER (WHERE took IS NULL AND ended) AS left_out
FROM (
    SELECT resolved_at IS NOT NULL AS ended,
           CASE WHEN acknowledged_at <= coalesce(resolved_at, 'infinity')
                THEN extract(epoch FROM acknowledged_at - opened_at) END AS took
    FROM incident_facts
    WHERE opened_at >= '2026-04-01Z' AND opened_at < '2026-07-01Z' AND NOT drill
) measured
"""
RECOVERED = """
SELECT count(*) AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY took) AS median,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY took) AS p90, avg(took)::float8 AS mean
FROM (
    SELECT extract(epoch FROM resolved_at - coalesce(impact_started_at, detected_at)) AS took FROM incident_facts
    WHERE opened_at >= '{start}' AND opened_at < '{end}' AND NOT drill AND resolved_at IS NOT NULL
) measured
"""


@pytest.fixture(scope="module")
def filled(server: TestServer, templates: Templates) -> Iterator[str]:
    """A database with a year in it, to copy."""
    url = server.create_database(template=templates.of("analytics", "bus"))
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, fill(url)).result()
    yield url
    server.drop_database(url)


async def fill(url: str) -> None:
    database = Database(url, schema="analytics", role=role_of("analytics"))
    clock = ManualClock(datetime(2026, 12, 31, tzinfo=UTC))
    open_uow = unit_of_work_opener(database, service="analytics", clock=clock, on_wake=lambda name: None)
    await tell_all(year(240), open_uow)
    await database.close()


@pytest.fixture
def database_url(server: TestServer, filled: str) -> Iterator[str]:
    url = server.create_database(template=filled)
    yield url
    server.drop_database(url)


async def query(database: Database, sql: str, **values: object) -> list[Any]:
    async with database.read() as conn:
        return list((await conn.execute(text(sql), values)).all())


async def figures(client: httpx2.AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await client.get("/api/v1/analytics/summary", params=params)
    assert answer.status_code == 200, answer.text
    return {figure["metric"]: figure for figure in answer.json()["figures"]}


async def test_time_to_acknowledge_agrees_with_sql(client: httpx2.AsyncClient, database: Database) -> None:
    [expected] = await query(database, ACKNOWLEDGED)

    found = (await figures(client, **QUARTER))["acknowledge"]

    assert expected.n > 30
    assert found["now"]["n"] == expected.n
    for name in ("median", "p90", "mean"):
        assert found["now"][name] == pytest.approx(float(getattr(expected, name)))
    outcomes = found["outcomes"]
    assert outcomes["auto_resolved"] + outcomes["never_acknowledged"] == expected.left_out
    assert (
        sum(outcomes.values()) == expected.n + expected.left_out + outcomes["ongoing"] + outcomes["invalid"]
    )


async def test_time_to_recover_and_its_past_agree_with_sql(
    client: httpx2.AsyncClient, database: Database
) -> None:
    [now] = await query(database, RECOVERED.format(start="2026-04-01Z", end="2026-07-01Z"))
    [before] = await query(
        database, RECOVERED.format(start="2025-12-31Z", end="2026-04-01Z")
    )  # 91 days as well

    found = (await figures(client, **QUARTER))["recover"]

    assert found["now"]["n"] == now.n
    assert found["now"]["median"] == pytest.approx(float(now.median))
    assert found["now"]["p90"] == pytest.approx(float(now.p90))
    assert found["before"]["n"] == before.n
    assert found["before"]["median"] == pytest.approx(float(before.median))
    assert found["now"]["low"] < found["now"]["median"] < found["now"]["high"]


async def test_counts_by_severity_agree_with_sql(client: httpx2.AsyncClient, database: Database) -> None:
    rows = await query(
        database, "SELECT severity, count(*) FROM incident_facts WHERE NOT drill GROUP BY severity"
    )
    [[drills]] = await query(database, "SELECT count(*) FROM incident_facts WHERE drill")

    found = (await client.get("/api/v1/analytics/summary", params=YEAR)).json()

    assert {k: v for k, v in found["incidents"]["severities"].items() if v} == dict(rows)
    assert found["incidents"]["n"] == 240 - drills
    assert found["drills"] == drills > 0
    assert found["incidents"]["per_day"] == pytest.approx((240 - drills) / 365)


async def test_the_same_by_service_name_slug_or_id_and_severity(
    client: httpx2.AsyncClient, database: Database
) -> None:
    sql = "SELECT count(*) FROM incident_facts WHERE service = 'Search' AND severity = 'SEV-3' AND NOT drill"
    [[expected]] = await query(database, sql)

    for service in ("Search", "search", str(service_id("Search"))):
        params = {**YEAR, "service": service, "severity": "SEV-3"}
        found = (await client.get("/api/v1/analytics/summary", params=params)).json()
        assert found["incidents"]["n"] == expected > 0


async def test_a_series_adds_up_to_the_summary(client: httpx2.AsyncClient) -> None:
    whole = await figures(client, **YEAR)

    for by in ("day", "week", "month"):
        params = {**YEAR, "by": by, "tz": "America/New_York", "to": "2027-01-01"}
        series = (await client.get("/api/v1/analytics/series/recover", params=params)).json()
        assert sum(point["n"] for point in series["points"]) in (
            whole["recover"]["now"]["n"],
            whole["recover"]["now"]["n"] - 1,
        )
        assert all(point["median"] is None for point in series["points"] if point["n"] == 0)
    counted = (await client.get("/api/v1/analytics/series/incidents", params={**YEAR, "by": "month"})).json()
    assert len(counted["points"]) == 12
    assert all(sum(point["severities"].values()) == point["n"] for point in counted["points"])


async def test_alerts_per_day_agree_with_sql(client: httpx2.AsyncClient, database: Database) -> None:
    sql = """SELECT (opened_at AT TIME ZONE 'Asia/Kathmandu')::date::text, count(*) FROM alert_facts
             WHERE opened_at < '2026-02-01T00:00+05:45' AND opened_at >= '2026-01-01T00:00+05:45' GROUP BY 1"""
    expected = dict(await query(database, sql))

    params = {"from": "2026-01-01", "to": "2026-01-31", "by": "day", "tz": "Asia/Kathmandu"}
    series = (await client.get("/api/v1/analytics/series/alerts", params=params)).json()

    assert {point["start"]: point["n"] for point in series["points"] if point["n"]} == expected


async def page_by_page(client: httpx2.AsyncClient, path: str) -> list[dict[str, Any]]:
    """All of a list, by two."""
    rows: list[dict[str, Any]] = []
    params: dict[str, Any] = {**YEAR, "limit": 2}
    while True:
        page = (await client.get(path, params=params)).json()
        rows += page["items"]
        if page["next"] is None:
            return rows
        params["cursor"] = page["next"]


async def test_interruptions_agree_with_sql(client: httpx2.AsyncClient, database: Database) -> None:
    sql = """SELECT "user", count(*) FROM (
                 SELECT DISTINCT page_facts."user", page_facts.incident_id, step, round
                 FROM page_facts JOIN incident_facts USING (incident_id)
                 WHERE sent_at < '2027-01-01Z' AND NOT drill) once GROUP BY 1"""
    expected = dict(await query(database, sql))

    found = (await client.get("/api/v1/analytics/interruptions", params=YEAR)).json()["items"]

    assert {row["user"]: row["n"] for row in found} == expected
    assert await page_by_page(client, "/api/v1/analytics/interruptions") == found
    assert set(expected) == set(PEOPLE)
    assert all(sum(row["bands"].values()) == row["n"] for row in found)


async def test_the_incidents_behind_it_by_keyset(client: httpx2.AsyncClient) -> None:
    seen: list[dict[str, Any]] = []
    params: dict[str, Any] = {**YEAR, "limit": 150}
    while True:
        answer = await client.get("/api/v1/analytics/incidents", params=params)
        seen += answer.json()["items"]
        if answer.json()["next"] is None:
            break
        assert 'rel="next"' in answer.headers["link"]
        params["cursor"] = answer.json()["next"]

    opened = [(row["opened_at"], row["incident_id"]) for row in seen]
    assert opened == sorted(set(opened), reverse=True)
    assert len(seen) == (await client.get("/api/v1/analytics/summary", params=YEAR)).json()["incidents"]["n"]
    assert {row["service"] for row in seen} == set(SERVICES)
    assert all(
        (row["durations"]["recover"] is None) == (row["outcomes"]["recover"] != "measured") for row in seen
    )
    assert any(len(row["severities"]) == 2 for row in seen)


async def test_csv_has_the_same_figures(client: httpx2.AsyncClient) -> None:
    found = await figures(client, **QUARTER)

    by_suffix = await client.get("/api/v1/analytics/summary.csv", params=QUARTER)
    by_header = await client.get("/api/v1/analytics/summary", params=QUARTER, headers={"Accept": "text/csv"})

    assert by_suffix.text == by_header.text
    assert by_suffix.headers["content-type"].startswith("text/csv")
    assert 'filename="summary.csv"' in by_suffix.headers["content-disposition"]
    rows = {row["metric"]: row for row in csv.DictReader(StringIO(by_suffix.text))}
    for metric, figure in found.items():
        assert int(rows[metric]["n"]) == figure["now"]["n"]
        assert rows[metric]["median_seconds"] == "" or float(rows[metric]["median_seconds"]) == pytest.approx(
            figure["now"]["median"], abs=0.001
        )


async def test_every_table_comes_as_csv(client: httpx2.AsyncClient) -> None:
    lines = {}
    for path in ("incidents", "series/recover", "series/incidents", "series/alerts", "interruptions"):
        params = {**YEAR, "by": "month"} if path.startswith("series") else YEAR
        answer = await client.get(f"/api/v1/analytics/{path}.csv", params=params)
        assert answer.status_code == 200, answer.text
        lines[path] = list(csv.reader(StringIO(answer.text)))
        assert all(len(line) == len(lines[path][0]) for line in lines[path])

    assert len(lines["series/recover"]) == 13
    assert len(lines["incidents"]) > 200
