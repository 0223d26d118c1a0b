"""F21: what cannot be handled stops nobody, is told to a person, and heals by a replay."""

import asyncio
import os
import re
import sys
from functools import partial
from pathlib import Path
from time import time
from urllib.parse import urlsplit, urlunsplit

import httpx2
import pytest

from tests.faults.poison import CURSED, Poisoner, curse, lift
from tests.faults.reporting import Report
from tests.faults.stand import all_well, in_order, settled, under_load
from tests.faults.verdict import NAME
from tocsin_events.base import Topic
from tocsin_testkit.kafka import KafkaRig
from tocsin_testkit.postgres import TestServer
from tocsin_testkit.receiver import Receiver
from tocsin_testkit.waiting import eventually, pause
from tocsin_testkit.world import FiveProcesses

pytestmark = [pytest.mark.faults, pytest.mark.kafka]
UUID = r"[0-9a-f]{8}-[0-9a-f-]{27}"


@pytest.fixture
async def superuser_url(durable_server: TestServer, database: str, world: FiveProcesses) -> str:
    """The world's database, where the curse lies on it."""
    path = urlsplit(database).path
    url = urlunsplit(urlsplit(durable_server.superuser_url)._replace(path=path))
    await curse(url)
    return url


async def test_f21_poison(
    world: FiveProcesses,
    kafka_rig: KafkaRig,
    receiver: Receiver,
    database: str,
    superuser_url: str,
    folder: Path,
    report: Report,
) -> None:
    """Not JSON, unknown major, 5 MB, and a value that makes the handler raise, written to the topics by hand: other
    keys late ≤ 2 s; dead letter ≤ 60 s; a person is paged about it; replay heals, dup 0."""
    poisoner = Poisoner(kafka_rig, world.prefix)
    async with under_load(world.client, folder, receiver) as ledger:
        await pause(3)
        began = time()
        bad = await poisoner.spoil(Topic.ALERTS)
        await poisoner.spoil(Topic.INCIDENTS)
        await poisoner.send_cursed()
        for service, wanted in (("incidents", bad + 1), ("paging", bad)):
            await eventually(partial(_dead, world, service, wanted), within=60, every=0.5)
        dead_after = round(time() - began, 1)
        await eventually(lambda: _told_of_incidents(receiver) and _told_of_pages(receiver), within=60)
        told_after = round(time() - began, 1)
    verdict = await settled(ledger, receiver, within=60)

    assert not _pages_about_the_cursed(receiver)
    for service, wanted in (("incidents", bad + 1), ("paging", bad)):
        listed = await _tocsin(database, "list", "--service", service)
        assert len(re.findall(rf"{service} +{UUID}", listed)) == wanted, listed
    await lift(superuser_url)
    healed_after = await _replayed(database, receiver)

    report.keep(verdict, dead_after=dead_after, told_after=told_after, healed_after=healed_after)
    assert verdict.duplicates == verdict.repeats_under_key == 0
    assert verdict.after_answer == 0
    assert verdict.late_max <= 2
    assert len(_pages_about_the_cursed(receiver)) == 1
    await in_order(world.client, ledger, within=60)
    await all_well(world, within=30)


async def _replayed(database: str, receiver: Receiver) -> float:
    """Replay the event that failed, twice, as a nervous operator does; returns the seconds until its page came."""
    began = time()
    assert "1 will be tried again" in await _tocsin(database, "replay", "--type", "alert.opened.v1", "--yes")
    await eventually(lambda: _pages_about_the_cursed(receiver), within=30)
    healed = round(time() - began, 1)
    await _tocsin(database, "replay", "--type", "alert.opened.v1", "--yes")
    await eventually(lambda: _healed(database), within=30)
    return healed


async def _dead(world: FiveProcesses, service: str, wanted: int) -> bool:
    """The alarm that an operator would see; asking the command line again and again would be a load of its own."""
    async with httpx2.AsyncClient(timeout=5) as client:
        answer = await client.get(f"http://127.0.0.1:{world.ports[service][0]}/metrics")
    dead = re.search(rf'^tocsin_{service}_parked_events{{state="dead"}} (\S+)$', answer.text, re.MULTILINE)
    assert dead, answer.text
    assert float(dead[1]) >= wanted, dead[0]
    return True


async def _healed(database: str) -> bool:
    listed = await _tocsin(database, "list", "--service", "incidents")
    assert "alert.opened.v1" not in listed, listed
    return True


async def _tocsin(database: str, *arguments: str) -> str:
    """What `tocsin dead-letters` says."""
    environment = {**os.environ, "TOCSIN_DATABASE_URL": database, "COLUMNS": "240"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tocsin", "dead-letters", *arguments),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


def _told_of_incidents(receiver: Receiver) -> bool:
    """The incidents service opened an incident about what it could not process, and a page went out for it."""
    return any(
        call.body["data"]["incident"] and "Tocsin could not" in call.body["data"]["incident"]["title"]
        for call in list(receiver.calls)
    )


def _told_of_pages(receiver: Receiver) -> bool:
    """Paging told a person that it could not process something itself."""
    return any(
        call.body["type"] == "page.notice" and "could not process" in call.body["data"]["text"]
        for call in list(receiver.calls)
    )


def _pages_about_the_cursed(receiver: Receiver) -> list[str]:
    """The keys of the pages about the alert that failed; the one that says so plainly is not among them."""
    return [
        call.key
        for call in list(receiver.calls)
        if (incident := call.body["data"]["incident"])
        and (found := NAME.fullmatch(incident["title"]))
        and found[1] == CURSED
    ]
