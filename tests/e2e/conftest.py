"""Whole worlds: one process with everything in it, and five over a real Kafka."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal
from tocsin_testkit.inbox import Inbox
from tocsin_testkit.kafka import KafkaRig
from tocsin_testkit.postgres import TestServer
from tocsin_testkit.world import FiveProcesses, OneProcess, World


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A real mail server that records what Tocsin sends."""
    with Inbox() as started:
        yield started


@pytest.fixture(params=["one process", pytest.param("five processes", marks=pytest.mark.kafka)])
async def world(request: pytest.FixtureRequest, inbox: Inbox) -> AsyncIterator[World]:
    """The same Tocsin, hosted in two ways; mail goes to `inbox`."""
    settings = {
        "TOCSIN_SMTP_HOST": "127.0.0.1",
        "TOCSIN_SMTP_PORT": str(inbox.port),
        "TOCSIN_SMTP_STARTTLS": "false",
        "TOCSIN_PAGING_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    with _folder() as folder:
        made = _made(request, folder, settings)
        try:
            await made.start()
            yield made
        finally:  # one that does not come up may have left four that did
            await made.stop()


def _made(request: pytest.FixtureRequest, folder: Path, settings: dict[str, str]) -> World:
    if request.param == "one process":
        return OneProcess(folder, settings)
    server: TestServer = request.getfixturevalue("server")
    rig: KafkaRig = request.getfixturevalue("kafka_rig")
    return FiveProcesses(
        folder, database_url=server.create_database(), kafka=rig.bootstrap, settings=settings
    )


@contextmanager
def _folder() -> Iterator[Path]:
    """Not below pytest's own folder, which root keeps closed to the account that PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-world-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def terminal() -> Iterator[Terminal]:
    folder = Path(tempfile.mkdtemp(prefix="tocsin-cli-"))
    folder.chmod(0o711)
    world = OneProcess(folder, {}, arguments=())
    world.process.start()
    world.wait_configured()
    yield Terminal(world)
    world.process.terminate()
    shutil.rmtree(folder)
