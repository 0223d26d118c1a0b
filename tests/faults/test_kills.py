"""F1, F2, F3, F6: a service is killed with SIGKILL again and again under load, and started at once."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import SECONDS, World, settled, under_load
from tests.faults.verdict import Verdict
from tocsin_testkit.receiver import Receiver
from tocsin_testkit.waiting import pause

pytestmark = [pytest.mark.faults, pytest.mark.kafka]
KILLS = 10
LATE = {"detector": 5.0, "incidents": 10.0, "paging": 10.0, "comms": 5.0}
START_UP = 10.0
"""Seconds that a service may take to start on this machine, on top of what the matrix allows."""


@pytest.mark.parametrize("service", ["detector", "incidents", "paging", "comms"])
async def test_a_service_is_killed_again_and_again(
    service: str, world: World, receiver: Receiver, tmp_path: Path, report: Callable[[Verdict], None]
) -> None:
    """kill -9 ×10 under load, restart at once: every 2xx paged, no duplicate, no process left wedged."""
    dice = random.Random(service)
    async with under_load(world.client, tmp_path) as ledger:
        for _ in range(KILLS):
            await pause(SECONDS / KILLS * dice.uniform(0.3, 0.9))
            (process,) = world.processes[service]
            process.kill()
            process.start()

    verdict = await settled(ledger, receiver, within=60)

    report(verdict)
    assert verdict.accepted > 0
    assert verdict.duplicates == 0
    assert verdict.repeats_under_key <= KILLS if service == "paging" else verdict.repeats_under_key == 0
    await world.ready(service, within=30)
    assert verdict.late_max <= LATE[service] + START_UP
