"""Each test of the bus runs over both transports, and both are real; so is what kustomize makes of deploy/k8s."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests import kustomize
from tests.contract.transports import KafkaTransport, PostgresTransport, Transport
from tests.ledger import ledger_of, make_ledger_template
from tocsin_bus.protocol import Bus
from tocsin_runtime.database import Database
from tocsin_testkit.postgres import TestServer
from tocsin_testkit.templates import Templates


@pytest.fixture(scope="session")
def bus_server() -> Iterator[TestServer]:
    """A PostgreSQL set up as in production, for its tests kill it."""
    with TestServer(durable=True) as started:
        yield started


@pytest.fixture(scope="session")
def bus_templates(bus_server: TestServer) -> Templates:
    """The embedded bus's schema, migrated once."""
    return Templates(bus_server)


@pytest.fixture(params=["postgres", pytest.param("kafka", marks=pytest.mark.kafka)])
def transport(request: pytest.FixtureRequest) -> Iterator[Transport]:
    """An empty bus on each transport in turn."""
    if request.param == "kafka":
        yield KafkaTransport(request.getfixturevalue("kafka_rig"))
        return
    server: TestServer = request.getfixturevalue("bus_server")
    templates: Templates = request.getfixturevalue("bus_templates")
    url = server.create_database(template=templates.of("bus"))
    yield PostgresTransport(server, url)
    server.drop_database(url)


@pytest.fixture
async def bus(transport: Transport) -> AsyncIterator[Bus]:
    """One process's bus, started."""
    made = transport.open()
    await made.start()
    yield made
    await made.close()


@pytest.fixture(scope="session")
def ledger_template(bus_server: TestServer) -> str:
    """The ledger's schema, made once."""
    return make_ledger_template(bus_server)


@pytest.fixture
def ledger_url(bus_server: TestServer, ledger_template: str) -> Iterator[str]:
    """A fresh ledger, on the server that the embedded bus shares."""
    url = bus_server.create_database(template=ledger_template)
    yield url
    bus_server.drop_database(url)


@pytest.fixture
async def ledger(ledger_url: str) -> AsyncIterator[Database]:
    """Connections of the ledger."""
    made = ledger_of(ledger_url)
    yield made
    await made.close()


def _folder(name: str) -> object:
    return pytest.param(name, marks=pytest.mark.kustomize)


@pytest.fixture(
    scope="module", params=[_folder(name) for name in ("base", "overlays/dev", "overlays/production")]
)
def documents(request: pytest.FixtureRequest) -> list[kustomize.Document]:
    """What each folder holds."""
    return kustomize.documents_of(request.param)


@pytest.fixture(scope="module", params=[_folder("overlays/production")])
def production(request: pytest.FixtureRequest) -> list[kustomize.Document]:
    """What an operator applies."""
    return kustomize.documents_of(request.param)
