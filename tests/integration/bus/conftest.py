"""The ledger: a service with the bus's tables and little else, beside the embedded bus in one database."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.integration.bus.postbox import Desk, Postbox
from tests.ledger import SCHEMA, ledger_of, make_ledger_template
from tocsin_bus.connect import connect
from tocsin_bus.protocol import Bus
from tocsin_bus.send_runner import SendRunner
from tocsin_bus.unit_of_work import OpenUnitOfWork, unit_of_work_opener
from tocsin_runtime.clock import DatabaseClock
from tocsin_runtime.database import Database
from tocsin_runtime.settings import PlatformSettings
from tocsin_testkit.postgres import TestServer
from tocsin_testkit.templates import Templates


@pytest.fixture(scope="session")
def ledger_and_bus(server: TestServer, templates: Templates) -> str:
    """A template with both."""
    return make_ledger_template(server, templates.of("bus"))


@pytest.fixture
def service_name() -> str:
    """The service whose units of work the tests open."""
    return SCHEMA


@pytest.fixture
def database_url(server: TestServer, ledger_and_bus: str) -> Iterator[str]:
    """A fresh database."""
    url = server.create_database(template=ledger_and_bus)
    yield url
    server.drop_database(url)


@pytest.fixture
async def bus(database_url: str) -> AsyncIterator[Bus]:
    """The embedded bus, started."""
    made = connect(PlatformSettings(database_url=database_url))
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def other_database(database_url: str) -> AsyncIterator[Database]:
    """The pool of a second replica."""
    made = ledger_of(database_url)
    yield made
    await made.close()


@pytest.fixture
def open_now(database: Database) -> OpenUnitOfWork:
    """Opens units of work at database time."""
    return unit_of_work_opener(database, service=SCHEMA, clock=DatabaseClock(), on_wake=lambda name: None)


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def runner(postbox: Postbox, desk: Desk, open_uow: OpenUnitOfWork) -> SendRunner:
    return SendRunner(postbox, desk, open_uow)
