"""The story that everything hangs on: an alert, a page, an answer, the end, what the world saw, and the figures."""

from typing import Any

import httpx2
import pytest

from tests.e2e.configurations import ALERTMANAGER_KEY, KEY, configure
from tocsin_testkit.inbox import Inbox
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import World

Body = dict[str, Any]
ALERT: Body = {
    "title": "Checkout is slow: p99 4.8 s",
    "severity": "critical",
    "service": "checkout-api",
    "dedup_key": "checkout-latency",
    "labels": {"alertname": "LatencyHigh", "host": "web-1"},
}


async def send(client: httpx2.AsyncClient, alert: Body) -> Body:
    """Post one alert as a monitoring tool does; it must be accepted."""
    answer = await client.post(f"/api/v1/webhooks/generic/{KEY}", json=alert)
    assert answer.status_code == 202, answer.text
    body: Body = answer.json()
    return body


async def listed(client: httpx2.AsyncClient, path: str, **params: str) -> list[Body]:
    """The items of a list."""
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    items: list[Body] = answer.json()["items"]
    return items


async def component(client: httpx2.AsyncClient) -> str:
    """What the public page says of Checkout."""
    summary = (await client.get("/status/api/v2/summary.json")).json()
    return next((str(c["status"]) for c in summary["components"] if c["name"] == "Checkout"), "")


@pytest.fixture
async def client(world: World) -> httpx2.AsyncClient:
    await configure(world)
    await eventually(lambda: component(world.client), within=10)
    return world.client


async def test_from_the_alert_to_the_figures(world: World, client: httpx2.AsyncClient, inbox: Inbox) -> None:
    receipt = await send(client, ALERT)
    assert receipt["accepted"] == 1
    assert receipt["dedup_keys"] == ["checkout-latency"]

    # Ana, who is on call first, is paged once; the world sees an outage.
    (mail,) = await eventually(lambda: inbox.to("ana@example.com"), within=10)
    assert "SEV-1" in mail.subject
    assert "Checkout is slow" in mail.subject
    (incident,) = await listed(client, "/api/v1/incidents")
    assert (incident["severity"], incident["status"], incident["service"]) == (
        "SEV-1",
        "detected",
        "Checkout",
    )
    assert await eventually(lambda: _is(client, "major_outage"), within=10)

    # A link scanner's look changes nothing; her answer stops the escalation before Bo's turn.
    link = httpx2.URL(mail.link("/ack/")).path
    stranger = httpx2.Headers({"Authorization": ""})
    assert (await client.get(link, headers=stranger)).status_code == 200
    assert (await client.head(link, headers=stranger)).status_code == 200
    assert (await listed(client, "/api/v1/incidents"))[0]["status"] == "detected"
    answer = await client.post(link, headers=stranger)
    assert answer.status_code in (200, 303), answer.text
    await eventually(lambda: _status(client, incident["id"], "acknowledged"), within=10)

    # The tool says that it is over.
    await send(client, {**ALERT, "status": "resolved"})
    await eventually(lambda: _status(client, incident["id"], "resolved"), within=10)
    assert await eventually(lambda: _is(client, "operational"), within=10)
    fact = await eventually(lambda: _fact(client, incident["id"]), within=10)
    assert fact is not None
    assert 0 < fact["durations"]["acknowledge"] <= fact["durations"]["recover"]

    # Who did what and when is told; nobody else was paged.
    kinds = [entry["kind"] for entry in await listed(client, f"/api/v1/incidents/{incident['id']}/timeline")]
    assert "acknowledged" in kinds
    assert "resolved" in kinds
    assert inbox.to("bo@example.com") == []
    assert len(inbox.to("ana@example.com")) == 1


async def test_an_unanswered_page_climbs_to_the_secondary(client: httpx2.AsyncClient, inbox: Inbox) -> None:
    await send(client, ALERT)

    await eventually(lambda: inbox.to("ana@example.com"), within=10)
    (second,) = await eventually(lambda: inbox.to("bo@example.com"), within=12)

    (first,) = inbox.to("ana@example.com")
    waited = (second.at - first.at).total_seconds()
    assert 3 <= waited <= 7, f"the step's delay is 4 s, Bo was paged after {waited:.1f} s"


async def test_a_recurrence_with_equal_bytes_pages_again(client: httpx2.AsyncClient, inbox: Inbox) -> None:
    for _ in range(2):
        before = len(inbox.to("ana@example.com"))
        await send(client, ALERT)
        await eventually(lambda before=before: len(inbox.to("ana@example.com")) > before, within=10)  # type: ignore[misc]
        (incident, *_) = await listed(client, "/api/v1/incidents")
        await client.post(f"/api/v1/incidents/{incident['id']}/acknowledge")
        await send(client, {**ALERT, "status": "resolved"})
        await eventually(lambda incident=incident: _status(client, incident["id"], "resolved"), within=10)  # type: ignore[misc]


async def test_an_alert_that_flaps_is_one_incident(client: httpx2.AsyncClient, inbox: Inbox) -> None:
    """Ended by its sender, or by a person: firing again soon after reopens, pages, and tells the same public story."""
    await send(client, ALERT)
    (incident,) = await eventually(lambda: listed(client, "/api/v1/incidents"), within=10)

    await send(client, {**ALERT, "status": "resolved"})
    await eventually(lambda: _status(client, incident["id"], "resolved"), within=10)
    await send(client, ALERT)
    await eventually(lambda: _status(client, incident["id"], "detected"), within=10)
    await eventually(lambda: len(inbox.to("ana@example.com")) == 2, within=10)

    await client.post(f"/api/v1/incidents/{incident['id']}/resolve")
    await eventually(lambda: _none_fires(client), within=10)
    await send(client, ALERT)
    await eventually(lambda: _status(client, incident["id"], "detected"), within=10)
    await eventually(lambda: len(inbox.to("ana@example.com")) == 3, within=10)

    assert [one["ref"] for one in await listed(client, "/api/v1/incidents")] == [incident["ref"]]
    story = await listed(client, f"/api/v1/incidents/{incident['id']}/timeline")
    assert [entry["data"]["reason"] for entry in story if entry["kind"] == "reopened"] == [
        "alert_fired_again"
    ] * 2
    assert len(await eventually(lambda: _reports(client), within=10)) == 1


async def test_a_group_of_alertmanager_that_fires_again_reopens(client: httpx2.AsyncClient) -> None:
    await notify(client, "firing")
    (incident,) = await eventually(lambda: listed(client, "/api/v1/incidents"), within=10)
    await notify(client, "resolved")
    await eventually(lambda: _status(client, incident["id"], "resolved"), within=10)
    await notify(client, "firing")
    await eventually(lambda: _status(client, incident["id"], "detected"), within=10)
    assert [one["ref"] for one in await listed(client, "/api/v1/incidents")] == [incident["ref"]]


async def test_what_a_person_called_over_pages_nobody_while_its_rule_lags_behind(
    client: httpx2.AsyncClient, inbox: Inbox
) -> None:
    """Alertmanager tells the same occurrence on until its rule has seen the repair; another occurrence is news."""
    await notify(client, "firing")
    (incident,) = await eventually(lambda: listed(client, "/api/v1/incidents"), within=10)
    await eventually(lambda: len(inbox.to("ana@example.com")) == 1, within=10)
    await client.post(f"/api/v1/incidents/{incident['id']}/resolve")
    await eventually(lambda: _none_fires(client), within=10)

    await notify(client, "firing")
    (alert,) = await listed(client, "/api/v1/alerts")
    await eventually(lambda: _decided(client, alert["id"], "still_told_after_resolve"), within=10)
    await notify(client, "firing", started_at="2026-11-24T03:07:00Z")
    await eventually(lambda: _status(client, incident["id"], "detected"), within=10)
    await eventually(lambda: len(inbox.to("ana@example.com")) == 2, within=10)


async def _decided(client: httpx2.AsyncClient, alert_id: str, reason: str) -> bool:
    explained = (await client.get(f"/api/v1/alerts/{alert_id}/explain")).json()
    return reason in [decision["reason"] for decision in explained["decisions"]]


async def _reports(client: httpx2.AsyncClient) -> list[object]:
    reports: list[object] = (await client.get("/status/api/v2/incidents.json")).json()["incidents"]
    return reports


async def notify(
    client: httpx2.AsyncClient, status: str, *, started_at: str = "2026-11-24T03:00:00Z"
) -> None:
    """Post one alert of one group as Alertmanager does."""
    labels = {"alertname": "HighLatency", "instance": "web-1", "severity": "critical"}
    alert = {
        "status": status,
        "labels": labels,
        "annotations": {"summary": "p99 is high"},
        "startsAt": started_at,
        "endsAt": "2026-11-24T03:05:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        "fingerprint": "f1",
    }
    group = {"version": "4", "groupKey": '{}:{alertname="HighLatency"}', "status": status, "receiver": "x"}
    path = f"/api/v1/webhooks/alertmanager/{ALERTMANAGER_KEY}"
    answer = await client.post(path, json={**group, "alerts": [alert]})
    assert answer.status_code == 202, answer.text


async def _none_fires(client: httpx2.AsyncClient) -> bool:
    return {alert["status"] for alert in await listed(client, "/api/v1/alerts")} == {"resolved"}


async def _status(client: httpx2.AsyncClient, incident_id: str, wanted: str) -> bool:
    incident = (await client.get(f"/api/v1/incidents/{incident_id}")).json()
    return bool(incident["status"] == wanted)


async def _is(client: httpx2.AsyncClient, state: str) -> bool:
    return await component(client) == state


async def _fact(client: httpx2.AsyncClient, incident_id: str) -> Body | None:
    for fact in await listed(client, "/api/v1/analytics/incidents"):
        if fact["incident_id"] == incident_id and fact["durations"]["recover"] is not None:
            return fact
    return None
