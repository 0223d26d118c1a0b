"""The direct road: it takes the plain posts and no others, and nobody can tell it from the road through ASGI."""

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.integration.detector.house import House, alertmanager, am_alert
from tests.integration.detector.test_hostile import HOSTILE, ODD
from tocsin_detector.domain.integration import Road
from tocsin_testkit.waiting import eventually

ALERT = b'{"title": "a", "dedup_key": "k", "labels": {"env": "prod"}}'
AM_ALERT = json.dumps([am_alert()]).encode()
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OWN = ("date", "retry-after")
VARIED = ("delivery_id",)


@pytest.fixture
async def wire(origin: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=origin) as client:
        yield client


class Offered:
    """Offers a post to the direct road alone."""

    def __init__(self, house: House) -> None:
        self.road = house.app.direct_road  # type: ignore[attr-defined]
        self.answers: list[tuple[int, bytes]] = []

    def __call__(self, path: str, body: bytes = ALERT, **headers: str) -> bool:
        shown = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": shown}
        taken: bool = self.road.take(scope, body, lambda status, _, said: self.answers.append((status, said)))
        return taken


async def test_plain_posts_are_taken_and_answered_when_they_are_durable(house: House) -> None:
    offered = Offered(house)
    generic, am = await house.key(), await house.key("alertmanager")

    assert offered(f"/api/v1/webhooks/generic/{generic}")
    assert offered("/api/v1/webhooks/generic", authorization=f"Bearer {generic}")
    assert offered(f"/api/v1/webhooks/alertmanager/{am}", json.dumps(alertmanager(am_alert())).encode())
    assert offered(f"/alertmanager/k/{am}/api/v2/alerts", AM_ALERT)
    assert offered.answers == [], "nothing is durable yet"

    await eventually(lambda: len(offered.answers) == 4, within=10)
    assert [status for status, _ in offered.answers] == [202, 202, 202, 200]
    stored = {delivery["id"] for delivery in await house.deliveries()}
    assert len(stored) == 4
    assert stored > {json.loads(said)["delivery_id"] for _, said in offered.answers[:3]}


async def test_whatever_is_not_plain_is_left_to_the_app(house: House) -> None:
    offered = Offered(house)
    generic, signed = await house.key(), await house.key(secret=SECRET)
    small = await house.key(settings={"body_limit_bytes": 1024})
    good = f"/api/v1/webhooks/generic/{generic}"

    assert not offered("/api/v1/webhooks/generic/unknown")
    assert not offered("/api/v1/webhooks/generic")
    assert not offered(f"/api/v1/webhooks/nagios/{generic}")
    assert not offered(f"/api/v1/webhooks/alertmanager/{generic}")
    assert not offered(f"/alertmanager/k/{generic}/api/v2/silences")
    assert not offered(f"/api/v1/webhooks/generic/{signed}")
    assert not offered(f"/api/v1/webhooks/generic/{small}", ALERT + b" " * 1024)
    assert not offered(good, gzip.compress(ALERT), content_encoding="gzip")
    assert not offered(good, content_type="application/xml")
    assert not offered(good, b"no JSON", content_type="text/plain")
    assert not offered(good, idempotency_key="1")
    assert not offered(good, webhook_id="1")
    assert not offered(good, b"no JSON")
    assert not offered(good, b"{}")
    assert offered.answers == []
    assert await house.deliveries() == []


async def test_a_revoked_key_opens_nothing_from_that_moment(house: House) -> None:
    offered, made = Offered(house), await house.integration()
    path = f"/api/v1/webhooks/generic/{made['key']}"
    assert offered(path)
    await eventually(lambda: bool(offered.answers), within=10)

    revoked = await house.api.patch(f"/api/v1/integrations/{made['id']}", json={"revoked": True})

    assert revoked.status_code < 300, revoked.text
    assert not offered(path)


async def test_both_roads_answer_alike(house: House, wire: httpx2.AsyncClient) -> None:
    key, am = await house.key(), await house.key("alertmanager")
    web, api = f"/api/v1/webhooks/generic/{key}", f"/alertmanager/k/{am}/api/v2/alerts"
    posts = [(web, content, headers) for content, headers, _ in HOSTILE.values()]
    posts += [(web, content, {}) for content, _ in ODD.values()]
    posts += [(web, ALERT, {}), (api, AM_ALERT, {}), (api, b"{}", {}), (api, b"x", {})]
    posts += [("/api/v1/webhooks/generic/x", ALERT, {}), (f"{web}?key=1", ALERT, {})]
    for path, content, headers in posts:
        through_asgi = await house.senders.post(path, content=content, headers=headers)
        served = await wire.post(path, content=content, headers=headers)

        assert _seen(served) == _seen(through_asgi), content[:100]


async def test_alerts_by_the_direct_road_are_played_counted_and_kept(
    house: House, wire: httpx2.AsyncClient
) -> None:
    key = await house.key()
    for _ in range(3):
        assert (await wire.post(f"/api/v1/webhooks/generic/{key}", content=ALERT)).status_code == 202
    await house.settled()

    (alert,) = await house.alerts()
    assert (alert["count"], alert["dedup_key"]) == (3, "k")
    (delivery, *_) = await house.deliveries()
    assert (await house.api.get(f"/api/v1/deliveries/{delivery['id']}/body")).content == ALERT
    figures = (await house.senders.get("/metrics")).text
    assert f'tocsin_detector_deliveries_total{{outcome="accepted",road="{Road.GENERIC}"}} 3.0' in figures
    assert f'tocsin_detector_signals_accepted_total{{road="{Road.GENERIC}"}} 3.0' in figures


async def test_without_a_database_senders_are_asked_to_come_again(
    house: House, wire: httpx2.AsyncClient
) -> None:
    key, am = await house.key(), await house.key("alertmanager")
    async with house.app.state.service.database.begin() as conn:
        await conn.exec_driver_sql("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
        away = await wire.post(f"/api/v1/webhooks/generic/{key}", content=ALERT, timeout=30)
        away_too = await wire.post(f"/alertmanager/k/{am}/api/v2/alerts", content=AM_ALERT, timeout=30)

    assert (away.status_code, away_too.status_code) == (503, 503)
    assert 5 <= int(away.headers["retry-after"]) <= 30
    assert away.json()["detail"] == "The database is away; nothing was stored."
    assert away_too.json() == "Unavailable: The database is away; nothing was stored."


def _seen(answer: httpx2.Response) -> tuple[int, dict[str, str], Any]:
    """All but what differs from one post to the next."""
    headers = {name: value for name, value in answer.headers.items() if name not in OWN}
    said = answer.json() if answer.content else None
    if isinstance(said, dict):
        said = {name: value for name, value in said.items() if name not in VARIED}
    return answer.status_code, headers, said
