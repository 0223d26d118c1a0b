"""Fixtures of the comms tests: the room, and a Slack that listens on a real socket."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from tests.integration.comms.room import Room
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_comms.adapters.slack import SlackProvider, slack_client
from tocsin_comms.store.messages import MessageRepository, Thread
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database
from tocsin_testkit.slack import SlackServer, slack_server


@pytest.fixture
def room(open_uow: OpenUnitOfWork, clock: ManualClock) -> Room:
    """Without any chat."""
    return Room(open_uow, clock)


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[SlackServer]:
    """A running Slack whose clock is the test's."""
    async with slack_server(now=lambda: clock.moment.timestamp()) as server:
        yield server


@pytest.fixture
async def provider(slack: SlackServer, database: Database) -> AsyncIterator[SlackProvider]:
    """Tocsin's way to it, through Slack's own client."""

    async def find(incident_id: UUID) -> Thread | None:
        async with database.read() as conn:
            return await MessageRepository(conn).thread(incident_id, "slack")

    made = SlackProvider(slack_client(slack.token, base_url=slack.url), "C0INCIDENTS", find)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def chat_room(open_uow: OpenUnitOfWork, clock: ManualClock, provider: SlackProvider) -> Room:
    """With Slack."""
    return Room(open_uow, clock, provider=provider)
