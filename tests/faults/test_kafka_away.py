"""F9, F10: the broker freezes, the broker dies. Alerts are accepted all the same, and pages go round it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import World, settled, under_load
from tests.faults.verdict import Verdict
from tocsin_testkit.kafka import KafkaRig
from tocsin_testkit.receiver import Receiver
from tocsin_testkit.waiting import pause

pytestmark = [pytest.mark.faults, pytest.mark.kafka]


async def test_kafka_freezes(
    world: World, kafka_rig: KafkaRig, receiver: Receiver, tmp_path: Path, report: Callable[[Verdict], None]
) -> None:
    """SIGSTOP Kafka for 20 s: posts keep their 2xx, pages go round it within 15 s, no duplicate."""
    async with under_load(world.client, tmp_path) as ledger:
        await pause(3)
        kafka_rig.pause()
        try:
            await pause(20)
        finally:
            kafka_rig.resume()

    verdict = await settled(ledger, receiver, within=60)

    report(verdict)
    assert verdict.refused == 0
    assert verdict.broken == 0
    assert verdict.slowest_accept <= 1.0
    assert verdict.duplicates == verdict.repeats_under_key == 0
    assert verdict.late_max <= 15


async def test_kafka_dies(
    world: World, kafka_rig: KafkaRig, receiver: Receiver, tmp_path: Path, report: Callable[[Verdict], None]
) -> None:
    """kill -9 Kafka, start it after 60 s: posts keep their 2xx, pages go round it, no duplicate, consumers go on."""
    async with under_load(world.client, tmp_path, seconds=80) as ledger:
        await pause(3)
        kafka_rig.kill()
        try:
            await pause(60)
        finally:
            kafka_rig.start()

    verdict = await settled(ledger, receiver, within=60)

    report(verdict)
    assert verdict.refused == 0
    assert verdict.broken == 0
    assert verdict.duplicates == verdict.repeats_under_key == 0
    assert verdict.late_max <= 15
