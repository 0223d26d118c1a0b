"""A room with a desk, and alerts to throw at it."""

import pytest
from prometheus_client import CollectorRegistry

from tests.integration.incidents.room import Room
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_incidents.domain.rules import Rules
from tocsin_incidents.usecases.desk import Desk, Measures
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.metrics import Metrics


@pytest.fixture
def desk() -> Desk:
    """The default rules, and a registry of its own."""
    rules = Rules(public_url="http://tocsin.test")
    return Desk(rules, Measures.of(Metrics(CollectorRegistry(), "incidents")))


@pytest.fixture
def room(open_uow: OpenUnitOfWork, clock: ManualClock, desk: Desk) -> Room:
    """The service's own event handlers and timers over a real database."""
    return Room(open_uow, clock, desk)
