"""Worlds to be broken: five services over a real Kafka, a durable PostgreSQL, pages to a receiver that records them."""

import json
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from pathlib import Path

import pytest

from tests.faults.reporting import Report
from tests.faults.stand import SETTINGS, configure
from tocsin_testkit.kafka import KafkaRig
from tocsin_testkit.postgres import TestServer
from tocsin_testkit.receiver import Receiver
from tocsin_testkit.world import FiveProcesses

PROBLEM = pytest.StashKey[str]()
"""Why the test failed, in a line; empty when it passed."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the report know how the test ended."""
    outcome = yield
    if call.when == "call":
        said = call.excinfo.exconly(tryshort=True) if call.excinfo else ""
        item.stash[PROBLEM] = said.partition("\n")[0][:200]
    return outcome


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Iterator[Report]:
    """Where the test puts its figures."""
    made = Report(request.node.name, request.function.__doc__ or "")
    yield made
    why = request.node.stash.get(PROBLEM, "the stand did not come up")
    made.write(passed=not why, why=why)


@pytest.fixture
def folder(report: Report) -> Path:
    """Where receipts, pages and logs of this test stay."""
    return report.folder()


@pytest.fixture
def receiver(folder: Path) -> Iterator[Receiver]:
    """Takes the pages."""
    with Receiver() as started:
        yield started
    lines = [json.dumps({"at": call.at, "key": call.key, **call.body["data"]}) for call in started.calls]
    (folder / "pages.jsonl").write_text("\n".join(lines))


@pytest.fixture(scope="module")
def durable_server() -> Iterator[TestServer]:
    """A PostgreSQL that writes to disk as in production."""
    with TestServer(durable=True) as started:
        yield started


@pytest.fixture
def database(durable_server: TestServer) -> str:
    """The URL of a database of the test's own."""
    return durable_server.create_database()


@pytest.fixture
def replicas() -> int:
    """How many of each service; a test module may say otherwise."""
    return 1


@pytest.fixture
def settings() -> Mapping[str, str]:
    """Settings of all services; a test module may say more."""
    return SETTINGS


@pytest.fixture
async def world(
    database: str,
    kafka_rig: KafkaRig,
    receiver: Receiver,
    replicas: int,
    settings: Mapping[str, str],
    folder: Path,
) -> AsyncIterator[FiveProcesses]:
    """Five services, configured."""
    made = FiveProcesses(
        folder, database_url=database, kafka=kafka_rig.bootstrap, settings=settings, replicas=replicas
    )
    try:
        await made.start()
        await configure(made, receiver)
        yield made
    finally:
        await made.stop()
