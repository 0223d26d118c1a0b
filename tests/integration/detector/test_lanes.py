"""What the lanes make of accepted deliveries: order per key, nothing lost, nothing doubled (R6, R7, B3, B13, B21)."""

import asyncio
import os
from uuid import UUID

from prometheus_client import CollectorRegistry
from sqlalchemy import text

from tests.integration.detector.house import TITLE, House, alertmanager, am_alert, house_of
from tests.unit.detector.domain.signals import signal
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_detector.app import create_app
from tocsin_detector.domain.integration import LANES, lane_of
from tocsin_detector.settings import DetectorSettings
from tocsin_detector.usecases.figures import LaneFigures
from tocsin_detector.usecases.wire import encode_signals
from tocsin_detector.workers.lanes import LaneWorker
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.ids import new_id
from tocsin_runtime.metrics import Metrics
from tocsin_testkit.apps import build_app, running

TRIGGER = b'{"title": "CPU is high", "dedup_key": "cpu", "severity": "critical"}'
RESOLVE = b'{"title": "CPU is high", "dedup_key": "cpu", "status": "resolved"}'


async def test_trigger_resolve_trigger_with_equal_bytes_pages_twice(house: House) -> None:
    key = await house.key()
    for content in (TRIGGER, RESOLVE, TRIGGER):
        await house.send(key, content=content)
    await house.settled()

    assert await house.told_types() == ["opened", "resolved", "opened"]
    assert [alert["status"] for alert in await house.alerts()] == ["firing", "resolved"]


async def test_the_same_by_alertmanager_with_one_and_the_same_start(house: House) -> None:
    key = await house.key("alertmanager")
    for status in ("firing", "resolved", "firing"):
        await house.send(key, alertmanager(am_alert(status=status)), "alertmanager")
        await house.settled()

    assert await house.told_types() == ["opened", "resolved", "opened"]


async def test_firing_again_right_after_a_resolve_is_never_missed(house: House) -> None:
    """B3, many keys at once and without waiting."""
    key = await house.key()
    rounds, keys = 10, 60
    for _ in range(rounds):
        batch = [{"title": "a", "dedup_key": f"k{n}"} for n in range(keys)]
        await house.send(key, batch)
        await house.send(key, [{**item, "status": "resolved"} for item in batch])
    await house.settled()

    types = await house.told_types()
    assert (types.count("opened"), types.count("resolved")) == (rounds * keys, rounds * keys)
    for n in (0, keys - 1):
        mine = [
            kind for kind, event in await house.told() if event.get("alert", {}).get("dedup_key") == f"k{n}"
        ]
        assert mine == ["alert.opened.v1", "alert.resolved.v1"] * rounds


async def test_two_first_messages_at_once_are_one_alert(house: House, open_uow: OpenUnitOfWork) -> None:
    """B13: the app's own lanes, and a second process's beside them, on pairs of equal first messages."""
    figures = LaneFigures(Metrics(CollectorRegistry(), "other"))
    other = LaneWorker(open_uow, figures, number=0, workers=1)
    other.concerns(range(LANES))
    keys = [await house.key() for _ in range(4)]
    pairs = 100

    async def second_process() -> None:
        for _ in range(200):
            await other.run_once()

    helping = asyncio.create_task(second_process())
    for n in range(pairs):
        body = {"title": TITLE, "dedup_key": f"k{n}"}
        await asyncio.gather(*(house.send(key, body) for key in keys for _ in range(2)))
    await helping
    await house.settled()

    types = await house.told_types()
    assert types == ["opened"] * pairs * len(keys)
    counts = await house.rows("SELECT count(*) AS alerts, sum(count) AS told FROM alerts")
    assert counts == [{"alerts": pairs * len(keys), "told": pairs * len(keys) * 2}]


async def test_a_firing_alert_of_a_sender_whose_clock_is_behind_is_paged(house: House) -> None:
    """B21: status says firing, endsAt lies three hours behind."""
    key = await house.key("alertmanager")
    await house.send(key, alertmanager(am_alert(endsAt="2026-11-24T00:00:00Z")), "alertmanager")
    await house.settled()

    assert await house.told_types() == ["opened"]


async def test_a_post_of_thousands_is_played_turn_by_turn_in_order(house: House) -> None:
    key = await house.key()
    many = [{"title": "a", "dedup_key": f"k{n}", "labels": {"alertname": "A"}} for n in range(1_000)]
    await house.send(key, many)
    await house.send(key, [{**item, "status": "resolved"} for item in many])
    await house.settled()

    types = await house.told_types()
    assert types == ["opened"] * 1_000 + ["resolved"] * 1_000
    groups = await house.rows(
        "SELECT count(*) AS groups, sum(open_alerts) AS open, max(alerts) AS most FROM alert_groups"
    )
    assert groups == [{"groups": 1, "open": 0, "most": 1_000}]
    order = [event["alert"]["dedup_key"] for kind, event in await house.told() if kind == "alert.opened.v1"]
    assert order == [item["dedup_key"] for item in many]


async def test_a_storm_of_related_alerts_is_one_group(house: House) -> None:
    key = await house.key()
    bodies = (
        {"title": f"x{n}", "dedup_key": f"k{n}", "service": "web", "labels": {"alertname": "A"}}
        for n in range(300)
    )
    await asyncio.gather(*(house.send(key, body) for body in bodies))
    await house.settled()

    assert len({event["alert"]["group_id"] for _, event in await house.told() if "alert" in event}) == 1


async def test_an_alert_that_flaps_stays_in_its_group(house: House, open_uow: OpenUnitOfWork) -> None:
    """So that the other services take it for the same story; a later one is another."""
    key = await house.key()
    for status in ("firing", "resolved", "firing", "resolved", "later", "firing"):
        if status == "later":
            async with open_uow() as uow:
                await uow.conn.execute(
                    text("UPDATE alert_groups SET closed_at = closed_at - interval '61 min'")
                )
            continue
        await house.send(key, {"title": "a", "dedup_key": "k", "status": status})
        await house.settled()

    told = [event["alert"]["group_id"] for kind, event in await house.told() if kind == "alert.opened.v1"]
    assert told[0] == told[1] != told[2]
    groups = "SELECT id, open_alerts, alerts, closed_at IS NULL AS open FROM alert_groups ORDER BY id"
    assert [(row["open_alerts"], row["alerts"], row["open"]) for row in await house.rows(groups)] == [
        (0, 2, False),
        (1, 1, True),
    ]


async def test_grouping_follows_the_integrations_labels(house: House) -> None:
    key = await house.key(settings={"group_by": ["region"]})
    for number, region in enumerate(("eu", "eu", "us")):
        await house.send(key, {"title": f"t{number}", "service": "web", "labels": {"region": region}})
    await house.settled()

    assert sorted(alert["group_key"] for alert in await house.alerts()) == [
        '{region="eu"}',
        '{region="eu"}',
        '{region="us"}',
    ]
    assert len(await house.alerts(group_key='{region="eu"}')) == 2


async def test_what_one_process_accepted_another_one_processes(house: House, database_url: str) -> None:
    """The accepting process has no lanes, or is gone; the next one finds what waits."""
    clock = house.app.state.service.platform.clock
    accepting = build_app(create_app, DetectorSettings, database_url, clock, lanes=0)
    key = await house.key()
    async with running(accepting) as senders:
        answer = await senders.post(f"/api/v1/webhooks/generic/{key}", json={"title": "a"})
        assert answer.status_code == 202
        await house.settled()

    assert await house.told_types() == ["opened"]


async def test_what_a_storm_brings_while_its_lane_rests_is_played_in_one_turn(
    database_url: str, open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    rested = asyncio.Event()
    figures = LaneFigures(Metrics(CollectorRegistry(), "other"))
    worker = LaneWorker(open_uow, figures, number=0, workers=1, wake=rested.set, rest=0.5)
    accepting = build_app(create_app, DetectorSettings, database_url, clock, lanes=0)
    async with running(accepting) as senders:
        house = house_of(accepting, senders)
        integration = await house.integration()
        for number in range(4):
            await house.send(integration["key"], {"title": f"a{number}"})
            worker.concerns([lane_of(UUID(integration["id"]))])
            await worker.run_once()
        assert await house.told_types() == ["opened"]

        async with asyncio.timeout(30):
            await rested.wait()
        await worker.run_once()
        assert await house.told_types() == ["opened"] * 4
        await house.api.aclose()


async def test_correlation_leads_from_the_event_back_to_the_delivery(house: House) -> None:
    key = await house.key()
    receipts = [(await house.send(key, {"title": f"a{n}"})).json()["delivery_id"] for n in range(3)]
    await house.settled()

    rows = await house.rows(
        "SELECT correlation_id FROM outbox WHERE topic = 'alerts' AND type LIKE 'alert.%' ORDER BY position"
    )
    assert [str(row["correlation_id"]) for row in rows] == receipts


async def test_a_signal_that_cannot_be_processed_stands_aside_for_the_others(house: House) -> None:
    """One bad row must not stop a lane (goalert#3783): here, a key that no index can hold."""
    key = await house.key(settings={"default_severity": "high"})
    sender = (await house.integrations())[0]["id"]
    poison = signal(os.urandom(4_000).hex())
    async with house.app.state.service.database.begin() as conn:
        await conn.execute(
            text("INSERT INTO waiting (lane, delivery_id, integration_id, received_at, signals)"
                 " VALUES (:lane, :delivery, :sender, now(), :signals)"),
            {"lane": lane_of(UUID(sender)), "delivery": new_id(), "sender": UUID(sender),
             "signals": encode_signals((signal("before"), poison, signal("after")))},
        )  # fmt: skip
    await house.send(key, {"title": "a", "dedup_key": "behind"})
    await house.settled()

    found = {alert["dedup_key"].partition(":")[0]: alert["severity"] for alert in await house.alerts()}
    assert found == {"before": "critical", "unparsed": "high", "after": "critical", "behind": "high"}
