"""Facts in a real database: the same in any order, also when two topics speak at once."""

import asyncio
from random import Random
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from tests.integration.analytics.conftest import Tell
from tests.unit.analytics.year import year
from tocsin_analytics.consumers import subscriptions
from tocsin_analytics.store.tables import metadata
from tocsin_bus.subscriptions import Heard
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_events.alerts import Alert, AlertOpened, AlertRepeated, AlertResolved
from tocsin_events.base import Event
from tocsin_events.incidents import IncidentOpened
from tocsin_events.pages import PageAcknowledged
from tocsin_runtime.database import Database

EVENTS = list(year(30))
COLUMNS = "applied_at", "folded"


async def everything(database: Database) -> dict[str, list[dict[str, Any]]]:
    found = {}
    async with database.read() as conn:
        for table in metadata.sorted_tables:
            rows = (await conn.execute(table.select().order_by(*table.primary_key))).mappings()
            found[table.name] = [{k: v for k, v in row.items() if k not in COLUMNS} for row in rows]
    return found


async def test_facts_rebuilt_in_another_order_are_equal(database: Database, tell: Tell) -> None:
    await tell(EVENTS)
    before = await everything(database)
    shuffled = EVENTS * 2
    Random(4).shuffle(shuffled)

    async with database.begin() as conn:
        await conn.execute(text("TRUNCATE incident_facts, page_facts, alert_facts"))
    await tell(shuffled)

    assert await everything(database) == before
    assert len(before["incident_facts"]) == 30
    assert all(before.values())


async def test_telling_it_again_changes_nothing(database: Database, tell: Tell) -> None:
    await tell(EVENTS)
    before = await everything(database)

    await tell(EVENTS)

    assert await everything(database) == before


async def test_two_topics_may_speak_of_one_incident_at_once(
    database: Database, open_uow: OpenUnitOfWork
) -> None:
    opened = next(event for event in EVENTS if isinstance(event, IncidentOpened))
    answers = [event for event in EVENTS if isinstance(event, PageAcknowledged)][:6]
    mine = [each.model_copy(update={"incident_id": opened.incident.incident_id}) for each in answers]

    async def told(event: Event) -> None:
        async with open_uow() as uow:
            handler = subscriptions.handler_for(event)
            assert handler is not None
            await handler(event, uow)

    await asyncio.gather(*(told(event) for event in [*mine[:3], opened, *mine[3:]]))

    [row] = (await everything(database))["incident_facts"]
    assert row["number"] == opened.incident.number
    assert row["acknowledged_at"] == min(each.at for each in mine)


async def test_an_incident_that_only_others_spoke_of_is_in_no_figure(database: Database, tell: Tell) -> None:
    await tell([next(event for event in EVENTS if isinstance(event, PageAcknowledged))])

    [row] = (await everything(database))["incident_facts"]

    assert row["opened_at"] is None
    assert row["acknowledged_at"] is None  # columns are made once its own topic has spoken


async def test_a_batch_of_alerts_says_the_same_as_one_after_another(
    database: Database, open_uow: OpenUnitOfWork
) -> None:
    opened = next(event for event in EVENTS if isinstance(event, AlertOpened))
    others = [opened.model_copy(update={"alert": _another(opened)}) for _ in range(2)]
    ended = AlertResolved(alert=others[0].alert, ended_at=others[0].alert.received_at, reason="sender")
    many = subscriptions.many_for(opened)
    assert many is not None

    for batch in ([opened, others[0]], [ended, others[1], opened, ended]):
        async with open_uow() as uow:
            await many([Heard(event, uow.cause) for event in batch], uow)

    rows = {row["alert_id"]: row for row in (await everything(database))["alert_facts"]}
    assert rows.keys() == {event.alert.alert_id for event in (opened, *others)}
    assert [rows[event.alert.alert_id]["ended_at"] is None for event in (opened, *others)] == [
        True,
        False,
        True,
    ]


def _another(opened: AlertOpened) -> Alert:
    return opened.alert.model_copy(update={"alert_id": uuid4()})


def test_what_says_nothing_to_a_figure_is_not_listened_to() -> None:
    opened = next(event for event in EVENTS if isinstance(event, AlertOpened))

    assert {topic.value for topic in subscriptions.topics()} == {"alerts", "incidents", "pages", "status"}
    assert subscriptions.handler_for(AlertRepeated(alert=opened.alert)) is None
