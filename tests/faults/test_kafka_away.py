"""F9, F10: the broker freezes, the broker dies. Alerts are accepted all the same, and pages go round it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from time import time

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tests.faults.reporting import Report
from tests.faults.stand import all_well, in_order, settled, under_load
from tocsin_testkit.kafka import KafkaRig
from tocsin_testkit.receiver import Receiver
from tocsin_testkit.waiting import eventually, pause
from tocsin_testkit.world import FiveProcesses

pytestmark = [pytest.mark.faults, pytest.mark.kafka]
GROUPS = ("incidents", "paging", "comms", "analytics")
FROZEN = 20.0
DEAD = 60.0


async def test_f9_kafka_freezes(
    world: FiveProcesses, kafka_rig: KafkaRig, receiver: Receiver, folder: Path, report: Report
) -> None:
    """SIGSTOP Kafka for 20 s: posts keep their 2xx, p99 ≤ 500 ms; pages go round it ≤ 15 s; dup 0."""
    async with under_load(world.client, folder, receiver) as ledger:
        await pause(3)
        before = await _positions(world, kafka_rig)
        kafka_rig.pause()
        try:
            await pause(FROZEN)
        finally:
            kafka_rig.resume()
        moved = await _seconds_until_all_move(world, kafka_rig, before=before)

    verdict = await settled(ledger, receiver, within=60)

    report.keep(verdict, consumers_moved_after=moved)
    assert verdict.refused == verdict.broken == 0
    assert verdict.answer_p99 <= 0.5
    assert verdict.duplicates == verdict.repeats_under_key == 0
    assert verdict.after_answer == 0
    assert verdict.late_max <= 15
    assert moved <= 15
    await in_order(world.client, ledger, within=60)
    await all_well(world, within=30)


async def test_f10_kafka_dies(
    world: FiveProcesses, kafka_rig: KafkaRig, receiver: Receiver, folder: Path, report: Report
) -> None:
    """kill -9 Kafka, start it after 60 s: posts keep their 2xx; pages go round it; dup 0; consumers move ≤ 15 s
    after the broker listens."""
    async with under_load(world.client, folder, receiver) as ledger:
        await pause(3)
        before = await _positions(world, kafka_rig)
        kafka_rig.kill()
        try:
            await pause(DEAD)
        finally:
            await asyncio.to_thread(kafka_rig.start)
        moved = await _seconds_until_all_move(world, kafka_rig, before=before)

    verdict = await settled(ledger, receiver, within=60)

    report.keep(verdict, consumers_moved_after=moved)
    assert verdict.refused == verdict.broken == 0
    assert verdict.duplicates == verdict.repeats_under_key == 0
    assert verdict.after_answer == 0
    assert verdict.late_max <= 15
    assert moved <= 15
    await in_order(world.client, ledger, within=60)
    await all_well(world, within=30)


async def _seconds_until_all_move(world: FiveProcesses, rig: KafkaRig, *, before: Mapping[str, int]) -> float:
    """How long every group takes to store a position beyond `before`."""
    began, stood = time(), before

    async def moved() -> float:
        try:
            now = await _positions(world, rig)
        except KafkaError as error:
            raise AssertionError("the broker has no coordinator for a group yet") from error
        still = [group for group in GROUPS if now[group] <= stood[group]]
        assert not still, f"{still} stand still"
        return time() - began

    return round(await eventually(moved, within=60, every=0.2), 1)


async def _positions(world: FiveProcesses, rig: KafkaRig) -> dict[str, int]:
    """The sum of what each group has stored, asked of the broker."""
    admin = AIOKafkaAdminClient(bootstrap_servers=rig.bootstrap)
    await admin.start()
    try:
        stored = {group: await admin.list_consumer_group_offsets(world.prefix + group) for group in GROUPS}
    finally:
        await admin.close()
    return {group: sum(at.offset for at in places.values()) for group, places in stored.items()}
