"""F6: comms is killed again and again: one Slack message an incident, a whole status page, and paging goes on."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx2
import pytest

from tests.faults.load import Ledger
from tests.faults.reporting import Report
from tests.faults.stand import (
    KILLS,
    SETTINGS,
    all_well,
    in_order,
    kill_again_and_again,
    settled,
    under_load,
)
from tests.faults.verdict import NAME, Outages
from tocsin_testkit.receiver import Receiver
from tocsin_testkit.slack import SlackServer, slack_server
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import FiveProcesses

pytestmark = [pytest.mark.faults, pytest.mark.kafka]
GREEN = ":large_green_circle:"


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    """A small Slack over a real socket."""
    async with slack_server() as server:
        yield server


@pytest.fixture
def status_folder(tmp_path: Path) -> Path:
    """Where comms keeps the status page as files."""
    return tmp_path / "status"


@pytest.fixture
def settings(slack: SlackServer, status_folder: Path) -> Mapping[str, str]:
    """Chat goes to the small Slack."""
    (channel,) = slack.channels
    return {
        **SETTINGS,
        "TOCSIN_COMMS_SLACK_BASE_URL": slack.url,
        "TOCSIN_COMMS_SLACK_TOKEN": slack.token,
        "TOCSIN_COMMS_SLACK_CHANNEL": channel,
        "TOCSIN_COMMS_STATUS_DIRECTORY": str(status_folder),
    }


async def test_f6_comms_killed_again_and_again(
    world: FiveProcesses,
    slack: SlackServer,
    status_folder: Path,
    receiver: Receiver,
    folder: Path,
    report: Report,
) -> None:
    """kill -9 comms ×10 under load: one Slack message and one thread an incident; the status page follows;
    paging late ≤ 1 s; dup 0."""
    async with under_load(world.client, folder, receiver) as ledger:
        await kill_again_and_again(world, "comms", Outages())

    verdict = await settled(ledger, receiver, within=60)
    await eventually(lambda: _told(slack, ledger), within=120, every=1.0)

    twice = sum(count - 1 for count in _posts(slack).values())
    report.keep(verdict, kills=KILLS, slack_messages=len(slack.posts), slack_twice=twice)
    assert twice == 0
    assert verdict.duplicates == verdict.repeats_under_key == 0
    assert verdict.after_answer == 0
    assert verdict.late_p99 <= 1.0
    await in_order(world.client, ledger, within=60)
    await eventually(lambda: _status_page_tells(world, status_folder), within=30, every=0.5)
    await all_well(world, within=30)


def _posts(slack: SlackServer) -> Counter[str]:
    """How many messages of its own each incident has."""
    return Counter(found[1] for message in slack.posts if (found := NAME.search(message.text)))


def _told(slack: SlackServer, ledger: Ledger) -> bool:
    """Each incident has its message, and where it is over, the message says so."""
    missing = set(ledger.accepted) - set(_posts(slack))
    assert not missing, f"{len(missing)} incidents without a message"
    stale = [
        message.text
        for message in slack.posts
        if (found := NAME.search(message.text))
        and found[1] in ledger.resolved
        and GREEN not in str(message.blocks)
    ]
    assert not stale, f"{len(stale)} messages are behind: {stale[:3]}"
    return True


async def _status_page_tells(world: FiveProcesses, folder: Path) -> bool:
    """The live page and the files both show that Checkout is not well."""
    live = await world.client.get("/status/api/v2/components.json")
    components = {component["name"]: component["status"] for component in live.json()["components"]}
    assert components["Checkout"] != "operational", components
    page = httpx2.Response(200, content=(folder / "status" / "index.html").read_bytes()).text
    assert re.search("outage|degraded", page, re.IGNORECASE), page[:500]
    return True
