"""The cause that an incident came with, trace and all, goes with each step of its escalation and out with pages."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.integration.paging.conftest import Receiver
from tests.integration.paging.stage import MINUTE, Stage, Tray
from tests.integration.paging.test_providers import webhook
from tocsin_bus.sending import GiveUp
from tocsin_bus.unit_of_work import Cause
from tocsin_events.base import Event
from tocsin_events.pages import EscalationExhausted, PageFailed, PageRequested, PageSent
from tocsin_paging.domain.contact import Channel
from tocsin_runtime.database import Database

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CAUSE = Cause(uuid4(), uuid4(), TRACE)
UNTRACED = Cause(uuid4(), uuid4())


async def causes(database: Database, kind: type[Event]) -> list[Cause]:
    """Why each event of that kind was told."""
    query = (
        "SELECT correlation_id, causation_id, traceparent FROM outbox WHERE type = :type ORDER BY position"
    )
    async with database.read() as conn:
        return [Cause(*row) for row in await conn.execute(text(query), {"type": kind.TYPE})]


async def test_each_step_after_a_timer_has_the_cause_of_the_first(stage: Stage, database: Database) -> None:
    await stage.policy([await stage.person("Ana")], [await stage.person("Bo")])
    await stage.open(cause=CAUSE)
    tray = Tray()
    assert await stage.send(tray) == 1
    assert await stage.forward(5 * MINUTE) == 1
    assert await stage.send(tray) == 1
    assert await stage.forward(5 * MINUTE) == 1
    assert await causes(database, PageRequested) == [CAUSE, CAUSE]
    assert await causes(database, PageSent) == [CAUSE, CAUSE]
    assert await causes(database, EscalationExhausted) == [CAUSE]


async def test_so_has_the_step_that_a_refused_page_leads_to(stage: Stage, database: Database) -> None:
    await stage.policy([await stage.person("Ana")], [await stage.person("Bo")])
    await stage.open(cause=CAUSE)
    assert await stage.send(Tray(answers=[GiveUp("no such mailbox")])) > 0
    assert await causes(database, PageFailed) == [CAUSE]
    assert await causes(database, PageRequested) == [CAUSE, CAUSE]


@pytest.mark.parametrize("cause", [CAUSE, UNTRACED])
async def test_a_page_by_webhook_carries_the_trace_where_there_is_one(
    stage: Stage, receiver: Receiver, cause: Cause
) -> None:
    ana = await stage.person("Ana", channels=[(Channel.WEBHOOK, receiver.url)])
    await stage.policy([ana])
    await stage.open(cause=cause)
    assert await stage.send(webhook()) == 1
    [(headers, _)] = receiver.requests
    assert headers.get("traceparent") == cause.traceparent
