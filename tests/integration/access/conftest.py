"""Fixtures of the access tests: the real paging app, people with passwords, and browsers with cookies."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from tests.integration.access.house import House
from tocsin_runtime.clock import ManualClock
from tocsin_testkit.apps import running


@pytest.fixture
async def house(app: FastAPI, clock: ManualClock) -> AsyncIterator[House]:
    """The started app, at the manual clock's time also where log-ins and tokens are checked."""
    app.state.access.now = lambda: clock.moment
    async with running(app) as client:
        yield House(app, client)
