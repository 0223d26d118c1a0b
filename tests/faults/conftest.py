"""Worlds to be broken: five services over a real Kafka, a durable PostgreSQL, pages to a receiver that records them."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from tests.faults.load import Ledger, Load
from tests.faults.verdict import Verdict, judge
from tocsin.api import Api
from tocsin.applying import apply
from tocsin.configuration import parse_configuration
from tocsin_testkit.kafka import KafkaRig
from tocsin_testkit.postgres import TestServer
from tocsin_testkit.receiver import Receiver
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import ADMIN_TOKEN, FiveProcesses, PathTransport

KEY = "the-key-of-the-fault-integration"
WEBHOOK = f"/api/v1/webhooks/generic/{KEY}"
RATE = float(os.environ.get("TOCSIN_TEST_RATE", "25"))
SECONDS = float(os.environ.get("TOCSIN_TEST_SECONDS", "30"))
REPORT = Path(__file__).parents[2] / "test-results" / "faults"
TEAM = """
users:
  - {{email: ana@example.com, name: Ana, contact_methods: [{{channel: webhook, address: "{url}"}}]}}
escalation_policies:
  - slug: once
    name: Once
    default: true
    steps: [{{targets: [{{user: ana@example.com}}], delay: 1h}}]
    repeats: 0
services:
  - {{slug: checkout, name: Checkout, escalation_policy: once}}
integrations:
  - {{slug: faults, name: Faults, source: generic, service: checkout, key: {key}}}
rules:
  - {{integration: faults, group_by: [alertname], group_window: 1h}}
"""
World = FiveProcesses


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes the pages."""
    with Receiver() as started:
        yield started


@pytest.fixture(scope="module")
def durable_server() -> Iterator[TestServer]:
    """A PostgreSQL that writes to disk as in production."""
    with TestServer(durable=True) as started:
        yield started


@pytest.fixture
def replicas() -> int:
    """How many of each service; a test module may say otherwise."""
    return 1


@pytest.fixture
async def world(
    durable_server: TestServer, kafka_rig: KafkaRig, receiver: Receiver, replicas: int
) -> AsyncIterator[World]:
    """Five services, configured."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-faults-"))
    made = FiveProcesses(
        folder,
        database_url=durable_server.create_database(),
        kafka=kafka_rig.bootstrap,
        settings={
            "TOCSIN_PAGING_ALLOWED_NETWORKS": "127.0.0.0/8",
            "TOCSIN_INCIDENTS_JOIN_WINDOW": "0",  # an incident and a page for each alert
        },
        replicas=replicas,
    )
    await made.start()
    try:
        await asyncio.to_thread(configure, made, receiver)
        yield made
    finally:
        await made.stop()
        shutil.rmtree(folder)


def configure(world: World, receiver: Receiver) -> None:
    """Apply the configuration through the public API."""
    transport = world.client._transport
    assert isinstance(transport, PathTransport)
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    with httpx2.Client(
        base_url=world.origin, headers=headers, timeout=20, transport=transport.blocking()
    ) as client:
        for _ in apply(Api(client), parse_configuration(TEAM.format(url=receiver.url, key=KEY))):
            pass


@asynccontextmanager
async def under_load(
    client: httpx2.AsyncClient, folder: Path, *, rate: float = RATE, seconds: float = SECONDS
) -> AsyncIterator[Ledger]:
    """Run the block while the load runs; leaves it when every post was accepted."""
    ledger = Ledger(folder / "receipts.jsonl")
    load = asyncio.create_task(Load(client, WEBHOOK, ledger, rate=rate, seconds=seconds).run())
    try:
        yield ledger
    finally:
        await load


async def settled(ledger: Ledger, receiver: Receiver, *, within: float) -> Verdict:
    """The verdict, once nothing is missing or time is up."""

    def check() -> Verdict:
        verdict = judge(ledger, receiver)
        assert verdict.lost == 0, verdict
        return verdict

    return await eventually(check, within=within, every=0.5)


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[Verdict], None]:
    """Keep a verdict for `make faults`, which makes docs/reliability.md of them."""

    def keep(verdict: Verdict) -> None:
        REPORT.mkdir(parents=True, exist_ok=True)
        document = {"test": request.node.name, "about": request.node.function.__doc__, **verdict.row()}
        (REPORT / f"{request.node.name}.json").write_text(json.dumps(document, indent=2) + "\n")

    return keep
