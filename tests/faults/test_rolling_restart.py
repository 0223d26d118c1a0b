"""F38: every process is restarted in turn, with two replicas of each service (R33)."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.reporting import Report
from tests.faults.stand import all_well, in_order, settled, under_load
from tocsin_testkit.receiver import Receiver
from tocsin_testkit.world import FiveProcesses

pytestmark = [pytest.mark.faults, pytest.mark.kafka]
ROUNDS = 3


@pytest.fixture
def replicas() -> int:
    """As in production."""
    return 2


async def test_f38_rolling_restart(
    world: FiveProcesses, receiver: Receiver, folder: Path, report: Report
) -> None:
    """SIGTERM to one process at a time, all ten of them, three rounds, under load: 0 failed posts with one retry;
    worst page delay ≤ 5 s; dup 0."""
    codes: list[int] = []
    async with under_load(world.client, folder, receiver) as ledger:
        for _ in range(ROUNDS):
            for service, processes in world.processes.items():
                for process in processes:
                    codes.append(await asyncio.to_thread(process.terminate))
                    process.start()
                    await world.ready(service, within=60)

    verdict = await settled(ledger, receiver, within=60)

    report.keep(verdict, restarts=len(codes))
    assert set(codes) == {0}
    assert verdict.tries <= 2
    assert verdict.duplicates == verdict.repeats_under_key == 0
    assert verdict.after_answer == 0
    assert verdict.late_max <= 5
    await in_order(world.client, ledger, within=60)
    await all_well(world, within=30)
