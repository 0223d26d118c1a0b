"""F45: `tocsin up`, one process with its own PostgreSQL, is killed and stopped."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from time import time

import pytest

from tests.faults.reporting import Report
from tests.faults.stand import SETTINGS, configure, folder_of_our_own, in_order, settled, under_load
from tests.faults.verdict import Outages
from tests.integration.standalone.processes import has_no_server, wait_for_no_server
from tocsin_testkit.receiver import Receiver
from tocsin_testkit.waiting import pause
from tocsin_testkit.world import OneProcess

pytestmark = pytest.mark.faults
KILLS = 3


@pytest.fixture
async def world(receiver: Receiver, folder: Path) -> AsyncIterator[OneProcess]:
    """One process, configured."""
    with folder_of_our_own() as place:
        made = OneProcess(place, SETTINGS)
        try:
            await made.start()
            await configure(made, receiver)
            yield made
        finally:
            await made.stop()
            (folder / "up.log").write_text(made.process.log())


async def test_f45_embedded_killed_and_stopped(
    world: OneProcess, receiver: Receiver, folder: Path, report: Report
) -> None:
    """`tocsin up`: kill -9 ×3 under load, start again: every 2xx paged, dup 0, late ≤ 5 s after; SIGTERM leaves no
    PostgreSQL; a second start ≤ 5 s."""
    outages = Outages()
    async with under_load(world.client, folder, receiver) as ledger:
        for _ in range(KILLS):
            await pause(4)
            with outages.one():
                await asyncio.to_thread(world.process.kill)
                await world.start()
    verdict = await settled(ledger, receiver, within=60, outages=outages)
    await in_order(world.client, ledger, within=30)

    assert not has_no_server(world.data_dir)
    assert await asyncio.to_thread(world.process.terminate) == 0
    wait_for_no_server(world.data_dir)
    began = time()
    await world.start()
    started = round(time() - began, 1)

    after_kill = max(ended - began for began, ended in outages.spans)
    report.keep(
        verdict,
        kills=KILLS,
        second_start=started,
        start_after_kill=round(after_kill, 1),
        as_root=int(os.geteuid() == 0),
    )
    assert verdict.duplicates == 0
    assert verdict.after_answer == 0
    assert verdict.worst_key <= 2
    assert verdict.repeats_under_key <= verdict.may_repeat
    assert verdict.late_after <= 5
    assert started <= 5
