"""F1, F2, F3: a service is killed with SIGKILL again and again under load, and started at once."""

from pathlib import Path

import pytest

from tests.faults.reporting import Report
from tests.faults.stand import KILLS, all_well, in_order, kill_again_and_again, settled, under_load
from tests.faults.verdict import Outages
from tocsin_testkit.receiver import Receiver
from tocsin_testkit.world import FiveProcesses

pytestmark = [pytest.mark.faults, pytest.mark.kafka]
LATE = {"detector": 5.0, "incidents": 10.0, "paging": 10.0}
"""Seconds that a page may come after the service is up again."""


@pytest.mark.parametrize(
    "service",
    [
        pytest.param("detector", id="f1-detector"),
        pytest.param("incidents", id="f2-incidents"),
        pytest.param("paging", id="f3-paging"),
    ],
)
async def test_killed_again_and_again(
    service: str, world: FiveProcesses, receiver: Receiver, folder: Path, report: Report
) -> None:
    """kill -9 ×10 under load, restart at once: every 2xx paged soon after; one incident an alert; dup 0."""
    outages = Outages()
    async with under_load(world.client, folder, receiver) as ledger:
        await kill_again_and_again(world, service, outages)

    verdict = await settled(ledger, receiver, within=60, outages=outages)

    report.keep(verdict, kills=KILLS)
    assert verdict.accepted > 0
    assert verdict.duplicates == 0
    assert verdict.after_answer == 0
    assert verdict.late_after <= LATE[service]
    if service == "paging":
        # A page in flight at a kill may come twice, under its key, and says so.
        assert verdict.worst_key <= 2
        assert verdict.repeats_under_key <= verdict.may_repeat
    else:
        assert verdict.repeats_under_key == 0
    await in_order(world.client, ledger, within=60)
    await all_well(world, within=30)
