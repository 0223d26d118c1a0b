"""Fixtures that every test may use. What needs PostgreSQL starts one real server a session."""

import importlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
import structlog
from fastapi import FastAPI

from tests.requirements import markers, reason_against, required
from tocsin_bus.unit_of_work import OpenUnitOfWork, unit_of_work_opener
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database
from tocsin_runtime.schemas import role_of
from tocsin_testkit.apps import ADMIN_TOKEN, build_app, running
from tocsin_testkit.kafka import KafkaRig
from tocsin_testkit.postgres import TestServer
from tocsin_testkit.templates import Templates

SERVICES = ("detector", "incidents", "paging", "comms", "analytics")
LEFT_OUT = pytest.StashKey[dict[str, int]]()


def pytest_configure() -> None:
    """Short tracebacks in the log: the default's, with every local variable, takes a second each."""
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.stdlib.add_log_level, renderer])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here, unless TOCSIN_TEST_REQUIRE asks for it."""
    left_out = config.stash.setdefault(LEFT_OUT, {})
    for item in items:
        for marker in markers():
            reason = reason_against(marker) if item.get_closest_marker(marker) else None
            if reason and marker not in required():
                item.add_marker(pytest.mark.skip(reason=reason))
                left_out[marker] = left_out.get(marker, 0) + 1


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that is required here fails when what it needs is missing."""
    for marker in required():
        reason = reason_against(marker) if item.get_closest_marker(marker) else None
        if reason:
            pytest.fail(f"TOCSIN_TEST_REQUIRE asks for {marker}, but {reason}", pytrace=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out and how to get it."""
    left_out = config.stash.get(LEFT_OUT, {})
    if left_out:
        terminalreporter.section("left out")
    for marker, count in sorted(left_out.items()):
        terminalreporter.line(f"{count} tests marked {marker}: {reason_against(marker)}")


@pytest.fixture(scope="session")
def server() -> Iterator[TestServer]:
    """A real PostgreSQL for this session."""
    with TestServer() as started:
        yield started


@pytest.fixture(scope="session")
def templates(server: TestServer) -> Templates:
    """Migrated databases to copy, made when first asked for."""
    return Templates(server)


@pytest.fixture(scope="session")
def kafka_rig() -> Iterator[KafkaRig]:
    """A real Kafka for this session; whoever kills or freezes it brings it back."""
    with KafkaRig() as started:
        yield started


@pytest.fixture
def service_name(request: pytest.FixtureRequest) -> str:
    """The service that the test's folder is named after."""
    for part in reversed(Path(request.path).parts):
        if part in SERVICES:
            return part
    return "paging" if "access" in Path(request.path).parts else "incidents"


@pytest.fixture
def database_url(server: TestServer, templates: Templates, service_name: str) -> Iterator[str]:
    """A fresh database with this service's schema and the embedded bus."""
    url = server.create_database(template=templates.of(service_name, "bus"))
    yield url
    server.drop_database(url)


@pytest.fixture
async def database(database_url: str, service_name: str) -> AsyncIterator[Database]:
    """Connections in the service's own role and schema."""
    made = Database(database_url, schema=service_name, role=role_of(service_name))
    yield made
    await made.close()


@pytest.fixture
def clock() -> ManualClock:
    """A Tuesday morning, 09:00 UTC; `forward` moves it."""
    return ManualClock(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))


@pytest.fixture
def open_uow(database: Database, clock: ManualClock, service_name: str) -> OpenUnitOfWork:
    """Opens units of work on the database, at the manual clock's time."""
    return unit_of_work_opener(database, service=service_name, clock=clock, on_wake=lambda name: None)


@pytest.fixture
def app(database_url: str, clock: ManualClock, service_name: str) -> FastAPI:
    """The service's own app on that database, bus and all, not started yet."""
    module = importlib.import_module(f"tocsin_{service_name}.app")
    settings = importlib.import_module(f"tocsin_{service_name}.settings")
    return build_app(
        module.create_app, getattr(settings, f"{service_name.capitalize()}Settings"), database_url, clock
    )


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the started app that carries the admin token."""
    async with running(app) as made:
        made.headers["Authorization"] = f"Bearer {ADMIN_TOKEN}"
        yield made
