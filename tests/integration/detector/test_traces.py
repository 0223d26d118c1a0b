"""The trace of a post goes with all that it causes: played at once, after a restart, or again by hand."""

import gzip
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import httpx2
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from tests.integration.detector.house import House, am_alert
from tests.unit.detector.domain.signals import signal
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_detector.domain.delivery import STORED, Delivery
from tocsin_detector.domain.health import Verdict
from tocsin_detector.domain.integration import Road
from tocsin_detector.store.intake import Intake
from tocsin_detector.usecases.figures import LaneFigures
from tocsin_detector.usecases.process import process_lane
from tocsin_detector.usecases.wire import encode_signals
from tocsin_runtime.database import Database
from tocsin_runtime.ids import new_id
from tocsin_runtime.metrics import Metrics

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
ALERT = b'{"title": "a", "dedup_key": "k"}'
LANE = 1


@pytest.fixture
async def wire(origin: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=origin) as client:
        yield client


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Intake]:
    made = Intake(database)
    yield made
    await made.close()


def delivery(key: str, trace: str | None = None) -> Delivery:
    """A plain one of one signal."""
    return Delivery(
        id=new_id(),
        integration_id=uuid4(),
        lane=LANE,
        received_at=datetime.now(UTC),
        road=Road.GENERIC,
        verdict=Verdict.ACCEPTED,
        body=ALERT,
        accepted=1,
        signals=encode_signals([signal(key)]),
        traceparent=trace,
    )


async def traces(house: House) -> list[str | None]:
    """Those of the events that were told of alerts, in their order."""
    await house.settled()
    rows = await house.rows("SELECT traceparent FROM outbox WHERE type LIKE 'alert.%' ORDER BY position")
    return [row["traceparent"] for row in rows]


async def kept(database: Database, table: str) -> dict[str, str | None]:
    """The trace of each row, by the delivery."""
    name = "delivery_id" if table == "waiting" else "id"
    async with database.read() as conn:
        rows = await conn.execute(text(f"SELECT {name}, traceparent FROM {table}"))
        return {str(row[0]): row[1] for row in rows}


async def test_by_every_road_a_post_hands_its_trace_to_what_it_causes(
    house: House, wire: httpx2.AsyncClient
) -> None:
    web = f"/api/v1/webhooks/generic/{await house.key()}"
    am = f"/alertmanager/k/{await house.key('alertmanager')}/api/v2/alerts"
    await wire.post(web, content=ALERT, headers={"traceparent": TRACE})
    await wire.post(am, json=[am_alert()], headers={"traceparent": TRACE})
    for content, headers in (
        (b'{"title": "a"}', {}),
        (b'{"title": "b"}', {"idempotency-key": "1"}),
        (gzip.compress(b'{"title": "c"}'), {"content-encoding": "gzip"}),
    ):
        await house.senders.post(web, content=content, headers={"traceparent": TRACE, **headers})
    event = {"summary": "a", "source": "web-1", "severity": "critical"}
    called = {"routing_key": await house.key("pagerduty"), "event_action": "trigger", "payload": event}
    await house.senders.post("/v2/enqueue", json=called, headers={"traceparent": TRACE})

    assert await traces(house) == [TRACE] * 6


@pytest.mark.parametrize("shown", [None, "", "junk", TRACE.upper(), "01" + TRACE[2:], "\xff" * 55])
async def test_none_is_made_up_where_no_valid_one_came(house: House, shown: str | None) -> None:
    headers = {} if shown is None else {b"traceparent": shown.encode("latin-1")}
    path = f"/api/v1/webhooks/generic/{await house.key()}"
    answer = await house.senders.post(path, content=ALERT, headers=headers)

    assert answer.status_code == 202
    assert await traces(house) == [None]


async def test_each_post_about_an_alert_has_its_own_trace(house: House) -> None:
    key = await house.key()
    await house.send(key, {"title": "a", "dedup_key": "k"}, traceparent=TRACE)
    await house.send(key, {"title": "a", "dedup_key": "k", "status": "resolved"}, traceparent=OTHER)

    assert await traces(house) == [TRACE, OTHER]


async def test_a_delivery_shows_its_trace_and_keeps_it_when_it_is_played_again(house: House) -> None:
    await house.send(await house.key(), {"title": "a"}, traceparent=TRACE)
    (first,) = await house.deliveries()
    assert first["traceparent"] == TRACE

    answer = await house.api.post(f"/api/v1/deliveries/{first['id']}/replay")

    assert answer.status_code == 202, answer.text
    assert [one["traceparent"] for one in await house.deliveries()] == [TRACE, TRACE]


async def test_what_waits_over_a_restart_keeps_its_trace(
    intake: Intake, database: Database, open_uow: OpenUnitOfWork
) -> None:
    deliveries = [delivery("a", TRACE), delivery("b"), delivery("c", OTHER)]
    assert await intake.write(deliveries) == [STORED] * 3

    figures = LaneFigures(Metrics(CollectorRegistry(), "restarted"))
    async with open_uow() as uow:
        assert await process_lane(uow, LANE, figures) == 3

    query = "SELECT correlation_id, causation_id, traceparent FROM outbox ORDER BY position"
    async with database.read() as conn:
        told = [tuple(row) for row in await conn.execute(text(query))]
    assert told == [(one.id, None, one.traceparent) for one in deliveries]


async def test_whatever_it_is_written_with_a_delivery_keeps_its_own_trace(
    intake: Intake, database: Database
) -> None:
    sender = uuid4()
    alike = [replace(delivery("a"), integration_id=sender) for _ in range(2)]
    one_is_traced = [*(replace(one, id=new_id()) for one in alike), delivery("a", TRACE)]
    one_is_odd = [delivery("a", TRACE), replace(delivery("a", OTHER), reason="odd"), delivery("a")]
    one_is_known = [replace(delivery("a", TRACE), sender_id="1"), delivery("a")]
    nothing_to_do = [replace(delivery("a", TRACE), signals=None, verdict=Verdict.IGNORED)]
    everything = list[Delivery]()
    for batch in (alike, one_is_traced, one_is_odd, one_is_known, nothing_to_do):
        assert await intake.write(batch) == [STORED] * len(batch)
        everything += batch

    assert await kept(database, "deliveries") == {str(one.id): one.traceparent for one in everything}
    waiting = {str(one.id): one.traceparent for one in everything if one.signals is not None}
    assert await kept(database, "waiting") == waiting
