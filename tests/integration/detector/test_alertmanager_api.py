"""A Prometheus server lists Tocsin as its Alertmanager: an alert is told again each minute, and ends when it is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from fastapi import FastAPI

from tests.integration.detector.house import House, house_of
from tocsin_detector.app import create_app
from tocsin_detector.settings import DetectorSettings
from tocsin_runtime.clock import ManualClock
from tocsin_testkit.apps import build_app, running
from tocsin_testkit.waiting import eventually

MINUTE = timedelta(minutes=1)


def posted(ends: datetime | None, instance: str = "web-1") -> dict[str, Any]:
    alert: dict[str, Any] = {
        "labels": {"alertname": "InstanceDown", "instance": instance, "severity": "page"},
        "annotations": {"summary": f"{instance} is down"},
        "startsAt": "2026-11-24T03:00:00.000Z",
        "generatorURL": "http://prom:9090/graph",
    }
    return alert if ends is None else {**alert, "endsAt": ends.isoformat()}


async def post(house: House, key: str, *alerts: dict[str, Any]) -> httpx2.Response:
    headers = {"authorization": f"Bearer {key}"}
    answer = await house.senders.post("/alertmanager/api/v2/alerts", json=list(alerts), headers=headers)
    await house.settled()
    return answer


async def status(house: House) -> str:
    return str((await house.alerts())[0]["status"])


async def test_alerts_are_taken_told_again_and_ended_by_the_sender(house: House) -> None:
    key, now = await house.key("alertmanager"), datetime.now(UTC)

    answer = await post(house, key, posted(now + 4 * MINUTE))
    await post(house, key, posted(now + 5 * MINUTE))
    (alert,) = await house.alerts()
    await post(house, key, posted(now - timedelta(seconds=1)))

    assert (answer.status_code, answer.content) == (200, b"")
    assert (alert["status"], alert["count"], alert["severity"]) == ("firing", 2, "critical")
    assert datetime.fromisoformat(alert["expires_at"]) == now + 5 * MINUTE
    assert await status(house) == "resolved"
    assert await house.told_types() == ["opened", "resolved"]


async def test_the_key_may_stand_in_the_path(house: House) -> None:
    key, ends = await house.key("alertmanager"), datetime.now(UTC) + MINUTE

    for prefix in (f"/alertmanager/k/{key}", "/alertmanager/k/wrong"):
        answer = await house.senders.post(f"{prefix}/api/v2/alerts", json=[posted(ends)])
        assert answer.status_code == (200 if key in prefix else 401)


async def test_an_alert_that_is_not_told_again_ends(house: House, clock: ManualClock) -> None:
    key = await house.key("alertmanager")
    await post(house, key, posted(clock.moment + 4 * MINUTE), posted(None, "web-2"))

    clock.forward(4 * MINUTE + timedelta(seconds=1))
    await eventually(lambda: _ended(house, 1), within=60)
    clock.forward(2 * MINUTE)
    await eventually(lambda: _ended(house, 2), within=60)

    resolved = [event for kind, event in await house.told() if kind == "alert.resolved.v1"]
    assert {event["reason"] for event in resolved} == {"not_told_again"}
    assert await house.rows("SELECT DISTINCT open_alerts FROM alert_groups") == [{"open_alerts": 0}]


async def test_silence_while_tocsin_was_away_does_not_end_an_alert(
    app: FastAPI, database_url: str, clock: ManualClock
) -> None:
    """R28: after a start, an alert that was told before it has its whole time again."""
    async with running(app) as senders:
        house = house_of(app, senders)
        await post(house, await house.key("alertmanager"), posted(clock.moment + 4 * MINUTE))
    clock.forward(10 * MINUTE)
    again = build_app(create_app, DetectorSettings, database_url, clock)
    async with running(again) as senders:
        house = house_of(again, senders)
        await eventually(lambda: _looked(house), within=60)
        assert await status(house) == "firing"
        clock.forward(4 * MINUTE + timedelta(seconds=1))
        await eventually(lambda: _ended(house, 1), within=60)


async def test_without_an_end_the_integrations_time_out_counts(house: House) -> None:
    key = await house.key("alertmanager", settings={"resolve_timeout_seconds": 60})
    await post(house, key, posted(None))

    (alert,) = await house.alerts()

    span = datetime.fromisoformat(alert["expires_at"]) - datetime.fromisoformat(alert["last_received_at"])
    assert span == MINUTE


async def test_an_end_that_comes_late_ends_what_was_told_by_a_right_clock(house: House) -> None:
    """The end told again does not open it anew; one that fires by a clock that is behind still pages (B21)."""
    key, now = await house.key("alertmanager"), datetime.now(UTC)
    await post(house, key, posted(now + 4 * MINUTE))
    (alert,) = await house.alerts()

    for _ in range(2):
        await post(house, key, posted(now - 25 * MINUTE))

    assert await status(house) == "resolved"
    explained = (await house.api.get(f"/api/v1/alerts/{alert['id']}/explain")).json()["decisions"]
    assert [one["reason"] for one in explained] == ["first_seen", "ended_long_ago", "end_told_again"]
    assert explained[1]["because"].startswith("The sender gave an end that lies long past")
    for late in (180, 179, 178):
        await post(house, key, posted(now - late * MINUTE))
    (again, _) = await house.alerts()
    assert (again["status"], again["count"]) == ("firing", 3)
    assert await house.told_types() == ["opened", "resolved", "opened"]

    await post(house, key, {**posted(now + 4 * MINUTE), "annotations": {}})
    assert "tocsin_clock" not in (await house.alerts())[0]["annotations"]
    await post(house, key, posted(now - 25 * MINUTE))
    assert await status(house) == "resolved"


async def test_amtool_can_read(house: House) -> None:
    key = await house.key("alertmanager")
    await post(house, key, posted(datetime.now(UTC) + MINUTE))
    headers = {"authorization": f"Bearer {key}"}

    status = await house.senders.get("/alertmanager/api/v2/status", headers=headers)
    alerts = await house.senders.get(f"/alertmanager/k/{key}/api/v2/alerts")
    nobody = await house.senders.get("/alertmanager/api/v2/alerts")

    assert status.json()["cluster"]["status"] == "disabled"
    (alert,) = alerts.json()
    assert alert["labels"]["alertname"] == "InstanceDown"
    assert alert["status"] == {"state": "active", "silencedBy": [], "inhibitedBy": []}
    assert nobody.status_code == 401


async def _ended(house: House, many: int) -> bool:
    return len(await house.alerts(status="resolved")) == many


async def _looked(house: House) -> bool:
    """The expiry worker has run to its end once more."""
    ended: int = await house.app.state.service.wakeups.workers["expiry"]._run_once()
    return ended >= 0


async def test_errors_are_one_string_as_alertmanager_gives_them(house: House) -> None:
    base = f"/alertmanager/k/{await house.key('alertmanager')}/api/v2"
    wrong = {
        "/alerts?filter=nothing": 400,
        "/alerts?filter=a%3D~(": 400,
        "/alerts?active=perhaps": 400,
        "/nothing": 404,
    }
    for path, status in wrong.items():
        answer = await house.senders.get(base + path)
        assert (path, answer.status_code) == (path, status)
        assert answer.headers["content-type"] == "application/json"
        assert isinstance(answer.json(), str)
    forms: list[Any] = [{}, [{"labels": {}}], [{"labels": {"alertname": ""}}]]
    for body in forms:
        assert (await house.senders.post(f"{base}/alerts", json=body)).status_code == 400


async def test_a_key_in_the_query_string_opens_nothing(house: House) -> None:
    """S10: query strings end up in logs."""
    key = await house.key("alertmanager")
    for path in ("alerts", "status", "receivers", "silences", "alerts/groups"):
        answer = await house.senders.get(f"/alertmanager/api/v2/{path}?key={key}")
        assert answer.status_code == 401
