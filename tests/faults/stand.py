"""The stand that faults are tried on: Tocsin under a steady load, and what it looks like from outside afterwards."""

import asyncio
import os
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path

import httpx2

from tests.faults.load import Ledger, Load
from tests.faults.responder import Responder
from tests.faults.verdict import NAME, Outages, Verdict, judge
from tocsin.api import Api
from tocsin.applying import apply
from tocsin.configuration import parse_configuration
from tocsin_runtime.settings import SERVICES
from tocsin_testkit.receiver import Receiver
from tocsin_testkit.waiting import eventually, pause
from tocsin_testkit.world import ADMIN_TOKEN, FiveProcesses, PathTransport, World

RATE = float(os.environ.get("TOCSIN_TEST_RATE", "10"))
"""Alerts a second; the fault matrix asks for 50."""
SECONDS = float(os.environ.get("TOCSIN_TEST_SECONDS", "30"))
"""How long the load lasts at least; the fault matrix asks for 60."""
SETTINGS: Mapping[str, str] = {
    "TOCSIN_PAGING_ALLOWED_NETWORKS": "127.0.0.0/8",
    "TOCSIN_INCIDENTS_JOIN_WINDOW": "0",  # an incident and a page for each alert
}
KEY = "the-key-of-the-fault-integration"
WEBHOOK = f"/api/v1/webhooks/generic/{KEY}"
TEAM = """
users:
  - {{email: ana@example.com, name: Ana, contact_methods: [{{channel: webhook, address: "{url}"}}]}}
  - {{email: bo@example.com, name: Bo, contact_methods: [{{channel: webhook, address: "{url}"}}]}}
  - {{email: chi@example.com, name: Chi, contact_methods: [{{channel: webhook, address: "{url}"}}]}}
escalation_policies:
  - slug: once
    name: Once
    default: true
    steps: [{{targets: [{{user: ana@example.com}}], delay: 1h}}]
    repeats: 0
  - slug: ladder
    name: Ladder
    steps:
      - {{targets: [{{user: ana@example.com}}], delay: 5s}}
      - {{targets: [{{user: bo@example.com}}], delay: 5s}}
      - {{targets: [{{user: chi@example.com}}], delay: 1h}}
    repeats: 0
services:
  - {{slug: checkout, name: Checkout, escalation_policy: once}}
  - {{slug: ladder, name: Ladder, escalation_policy: ladder}}
integrations:
  - {{slug: faults, name: Faults, source: generic, service: checkout, key: {key}}}
rules:
  - {{integration: faults, group_by: [alertname], group_window: 1h}}
status_page:
  name: Shop status
  components:
    - {{name: Checkout, services: [checkout]}}
"""
OVER = {"resolved", "closed"}
KILLS = 10


@contextmanager
def folder_of_our_own() -> Iterator[Path]:
    """Not below pytest's own folder, which root keeps closed to the account that PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-faults-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


async def configure(world: World, receiver: Receiver) -> None:
    """Apply the configuration through the public API, as `tocsin apply` does."""
    await asyncio.to_thread(_apply, world, TEAM.format(url=receiver.url, key=KEY))


def _apply(world: World, configuration: str) -> None:
    transport = world.client._transport
    blocking = transport.blocking() if isinstance(transport, PathTransport) else None
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    with httpx2.Client(base_url=world.origin, headers=headers, timeout=20, transport=blocking) as client:
        for _ in apply(Api(client), parse_configuration(configuration)):
            pass


@asynccontextmanager
async def under_load(client: httpx2.AsyncClient, folder: Path, receiver: Receiver) -> AsyncIterator[Ledger]:
    """Run the block under load; the load lasts SECONDS at least. Leaves it when every post was accepted.

    Somebody answers pages meanwhile.
    """
    ledger = Ledger(folder / "receipts.jsonl")
    load = Load(client, WEBHOOK, ledger, rate=RATE)
    running = asyncio.create_task(load.run())
    least = asyncio.create_task(pause(SECONDS))
    answering = asyncio.create_task(Responder(client, receiver, ledger).run())
    try:
        yield ledger
        await least
    finally:
        least.cancel()
        load.stop()
        await running
        answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering


async def kill_again_and_again(world: FiveProcesses, service: str, outages: Outages) -> None:
    """Kill it ten times, each time at a moment of chance after it was ready."""
    dice = random.Random(service)
    (process,) = world.processes[service]
    for _ in range(KILLS):
        await pause(SECONDS / KILLS * dice.uniform(0.2, 0.8))
        with outages.one():
            await asyncio.to_thread(process.kill)
            process.start()
            await world.ready(service, within=60)


async def settled(
    ledger: Ledger, receiver: Receiver, *, within: float, outages: Outages | None = None
) -> Verdict:
    """The verdict, once nothing is missing or time is up."""

    def check() -> Verdict:
        verdict = judge(ledger, receiver, outages)
        assert verdict.lost == verdict.steps_lost == 0, verdict
        return verdict

    return await eventually(check, within=within, every=0.5)


async def in_order(client: httpx2.AsyncClient, ledger: Ledger, *, within: float) -> int:
    """Wait until the public API shows one incident an alert, over where its alert resolved; returns how many."""

    async def check() -> int:
        found = await _incidents(client)
        assert set(ledger.accepted) <= set(found), f"{len(found)} of {len(ledger.accepted)} alerts"
        several = {name: states for name, states in found.items() if len(states) > 1}
        assert not several, several
        wrong = [name for name, states in found.items() if (name in ledger.resolved) != (states[0] in OVER)]
        assert not wrong, f"{len(wrong)} incidents do not stand as their alerts do: {wrong[:5]}"
        return len(found)

    return await eventually(check, within=within, every=1.0)


async def _incidents(client: httpx2.AsyncClient) -> dict[str, list[str]]:
    """The states of the incidents of each alert."""
    found: dict[str, list[str]] = defaultdict(list)
    wanted = {"limit": "200"}
    while True:
        answer = await client.get("/api/v1/incidents", params=wanted)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        for incident in page["items"]:
            name = NAME.search(incident["title"])
            if name:
                found[name[1]].append(incident["status"])
        if page["next"] is None:
            return found
        wanted["cursor"] = page["next"]


async def all_well(world: FiveProcesses, *, within: float) -> None:
    """No process is left wedged: each is ready, and degraded in nothing."""

    for name in SERVICES:
        await world.ready(name, within=within)
        for port in world.ports[name]:
            await eventually(partial(_well, port), within=within, every=0.5)


async def _well(port: int) -> bool:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
        answer = await client.get("/readyz")
    assert answer.json()["status"] == "ready", answer.text
    return True
