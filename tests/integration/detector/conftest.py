"""A started detector, lanes and all."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from tests.integration.detector.house import House, house_of
from tests.integration.detector.served import served
from tocsin_runtime.clock import ManualClock
from tocsin_testkit.apps import running


@pytest.fixture
def clock() -> ManualClock:
    """Begins at this machine's time, as the accept road reads that, and moves only when told to."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
async def house(app: FastAPI) -> AsyncIterator[House]:
    """The service, and clients with and without credentials."""
    async with running(app) as senders:
        made = house_of(app, senders)
        yield made
        await made.api.aclose()


@pytest.fixture
async def origin(house: House) -> AsyncIterator[str]:
    """Where the service listens."""
    async with served(house.app) as made:
        yield made
