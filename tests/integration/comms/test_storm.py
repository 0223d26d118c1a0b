"""A batch of events in one transaction: the same as one after another, for the price of a few statements."""

from asyncio import create_task, gather
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI

from tests.integration.comms.room import MAIL, MINUTE, SHOP, Room, Story
from tests.integration.handed_over import handed_over, waiting
from tocsin_access.directory import Directory
from tocsin_bus.subscriptions import Heard
from tocsin_bus.unit_of_work import Cause
from tocsin_comms.domain.report import Report
from tocsin_comms.domain.states import Visibility
from tocsin_comms.store.incidents import IncidentRepository
from tocsin_comms.store.pages import PageRepository
from tocsin_comms.usecases.report import hide
from tocsin_events.base import Event
from tocsin_events.directory import Role, UserChanged
from tocsin_events.incidents import (
    IncidentAcknowledged,
    IncidentAlertJoined,
    IncidentDetailsChanged,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentSeverityChanged,
    IncidentStatus,
    IncidentUpdatePosted,
    Severity,
)
from tocsin_events.pages import EscalationExhausted, PageUndeliverable
from tocsin_events.status import ComponentStateChanged
from tocsin_runtime.statement import driver_of
from tocsin_testkit.waiting import eventually

SOMEBODY = UserChanged(id=uuid4(), version=1, name="Somebody", email="somebody@example.org", role=Role.VIEWER)
WRITTEN = (
    "incidents", "reports", "report_updates", "components", "component_periods", "outbox", "timers",
    "sendings", "messages",
)  # fmt: skip
SEEN = {
    "outbox": "SELECT type, correlation_id, causation_id FROM outbox ORDER BY position",
    "timers": "SELECT kind, subject, generation, due_at, correlation_id FROM timers ORDER BY subject, generation",
    "messages": "SELECT incident_id, kind, text FROM messages ORDER BY incident_id, position",
    "sendings": "SELECT correlation_id, order_key, payload->>'version' AS version FROM sendings ORDER BY 1, 3",
    "periods": "SELECT name, p.state, began_at, ended_at, incident_id FROM component_periods p"
    " JOIN components c ON c.id = component_id ORDER BY p.id",
}


def stories(room: Room) -> list[Story]:
    """Five incidents, each older than the one before; the first is known when the storm begins."""
    return [
        Story(room.clock.moment - number * MINUTE, UUID(int=100 + number), number) for number in range(1, 6)
    ]


def storm(room: Room, told: list[Story]) -> list[Event]:
    """What happens to them, all in one batch: opened and resolved, graver and milder, stale, private and twice."""
    known, grave, mail, drill, unfollowed = told
    at = room.clock.moment
    over: dict[str, Any] = {
        "status": IncidentStatus.RESOLVED,
        "resolved_at": at,
        "next_update_due_at": None,
    }
    back: dict[str, Any] = {
        "status": IncidentStatus.ACKNOWLEDGED,
        "resolved_at": None,
        "next_update_due_at": at + 9 * MINUTE,
    }
    words = {"update_id": UUID(int=900), "public": True, "posted_at": at, "next_due_at": at + 50 * MINUTE}
    unheard = PageUndeliverable(incident_id=grave.incident_id, at=at, step=1, reason="nobody_on_call")
    stale = IncidentSeverityChanged(incident=known.now_is(), previous=Severity.SEV1)
    return [
        unheard,
        IncidentOpened(incident=grave.now_is(severity=Severity.SEV1)),
        unheard,
        IncidentOpened(incident=mail.now_is(service_id=MAIL, severity=Severity.SEV3)),
        IncidentOpened(incident=drill.now_is(drill=True)),
        IncidentResolved(incident=known.now_is(**over), reason="by_hand"),
        IncidentOpened(incident=unfollowed.now_is(service_id=None)),
        EscalationExhausted(incident_id=known.incident_id, at=at, rounds=3),
        stale,
        IncidentSeverityChanged(incident=grave.now_is(severity=Severity.SEV2), previous=Severity.SEV1),
        IncidentAlertJoined(incident=mail.now_is(alert_count=2), alert_id=uuid4(), title="one more"),
        IncidentAlertJoined(incident=mail.now_is(alert_count=3), alert_id=uuid4(), title="one more"),
        IncidentUpdatePosted(incident=grave.now_is(), body="Said once.", **words),
        IncidentUpdatePosted(incident=grave.now_is(), body="Said once.", **words),
        IncidentReopened(incident=known.now_is(**back), reason="it came back"),
        IncidentResolved(incident=grave.now_is(**over), reason="alerts_cleared"),
        IncidentAcknowledged(incident=drill.now_is(status=IncidentStatus.ACKNOWLEDGED, acknowledged_at=at)),
        IncidentDetailsChanged(incident=unfollowed.now_is(service_id=SHOP), fields=["service"]),
        IncidentDetailsChanged(incident=mail.now_is(public=False), fields=["public"]),
    ]


async def hear(room: Room, heard: list[Heard]) -> None:
    """Events in one transaction, as the consumer hands them over."""
    many = room.subscriptions.many_for(heard[0].event)
    assert many is not None
    async with room.open_uow() as uow:
        await many(heard, uow)


def heard(events: list[Event]) -> list[Heard]:
    """Each with a cause of its own."""
    return [Heard(event, Cause(UUID(int=nr), UUID(int=1000 + nr))) for nr, event in enumerate(events)]


async def played(room: Room, *, at_once: int) -> dict[str, Any]:
    """The storm on an empty database, so many events a transaction, and all that it left behind."""
    async with room.open_uow() as uow:
        await uow.conn.exec_driver_sql(f"TRUNCATE {', '.join(WRITTEN)} CASCADE")
    await room.shop()
    told = stories(room)
    first = IncidentOpened(incident=told[0].now_is(severity=Severity.SEV3))
    await hear(room, [Heard(first, Cause(UUID(int=999)))])
    coming = heard(storm(room, told))
    for begin in range(0, len(coming), at_once):
        await hear(room, coming[begin : begin + at_once])
    seen: dict[str, Any] = {"states": await room.states()}
    seen["followed"] = [await room.followed(story) for story in told]
    seen["reports"] = [comparable(await room.report_if_any(story)) for story in told]
    seen["changes"] = [
        change.model_dump(exclude={"component_id"}) for change in await room.told(ComponentStateChanged.TYPE)
    ]
    async with room.open_uow() as uow:
        for name, query in SEEN.items():
            seen[name] = [tuple(row) for row in await uow.conn.exec_driver_sql(query)]
    return seen


def comparable(report: Report | None) -> Report | None:
    """Without the ids that are made anew each time."""
    if report is None:
        return None
    same = UUID(int=0)
    updates = tuple(
        replace(said, id=same, affected=tuple(replace(each, component_id=same) for each in said.affected))
        for said in report.updates
    )
    affected = tuple(replace(each, component_id=same) for each in report.affected)
    return replace(report, id=same, updates=updates, affected=affected)


@pytest.mark.parametrize("at_once", [4, 100])
async def test_a_batch_leaves_what_its_events_leave_one_by_one(room: Room, at_once: int) -> None:
    room.chat_in("C0INCIDENTS")
    alone = await played(room, at_once=1)
    together = await played(room, at_once=at_once)
    assert alone["changes"], "or the storm shows nothing"
    for name, left in alone.items():
        assert together[name] == left, name
    assert together["followed"][0].incident.status == "acknowledged"


async def test_a_batch_moves_the_page_once_and_costs_the_same_however_large(room: Room) -> None:
    await room.shop()
    costs = []
    for size in (2, 20):
        opened = [Story(room.clock.moment, number=100 * size + nr) for nr in range(size)]
        before = (await room.site()).page.revision
        statements: list[str] = []
        async with room.open_uow() as uow:
            driver_of(uow.conn).add_query_logger(lambda ran, into=statements: into.append(ran.query))
            many = room.subscriptions.many_for(IncidentOpened(incident=opened[0].now_is()))
            assert many is not None
            await many(heard([IncidentOpened(incident=story.now_is()) for story in opened]), uow)
        costs.append(len(statements))
        assert (await room.site()).page.revision == before + 1
    assert costs[1] <= costs[0], "the first one also shows the component"


async def test_a_batch_waits_for_its_incidents_before_it_takes_the_page(room: Room) -> None:
    await room.shop()
    shown, hidden = await room.opened(1), await room.opened(2)
    again = [
        IncidentSeverityChanged(incident=story.now_is(severity=Severity.SEV1), previous=Severity.SEV2)
        for story in (shown, hidden)
    ]
    async with room.open_uow() as uow:
        await IncidentRepository(uow.conn).lock(hidden.incident_id)
        batch = create_task(hear(room, heard([*again])))
        await eventually(lambda: waits(room), within=5)
        await hide(uow, hidden.incident_id)  # takes the page: a batch that had it would wait for us
    await batch
    assert (await room.report(hidden)).visibility is Visibility.HIDDEN
    assert (await room.report(shown)).title == "Checkout: major outage"


async def waits(room: Room, *, number: int = 1) -> bool:
    """Whether so many transactions wait for another one's row."""
    return await waiting(room.open_uow) == number


async def test_incidents_that_nobody_is_shown_do_not_queue_for_the_page(room: Room) -> None:
    await room.shop()
    unseen = [Story(room.clock.moment, number=nr, facts={"service_id": None}) for nr in range(3)]
    async with room.open_uow() as uow:
        await PageRepository(uow.conn).lock()
        await hear(room, heard([IncidentOpened(incident=story.now_is()) for story in unseen]))
    assert [await room.report_if_any(story) for story in unseen] == [None] * 3


async def test_what_the_directory_tells_between_two_incidents_does_not_turn_their_order_round(
    room: Room, app: FastAPI
) -> None:
    """Two replicas, each with both incidents: whichever has the one comes to have the other."""
    await room.shop()
    first, second = sorted([await room.opened(1), await room.opened(2)], key=lambda story: story.incident_id)
    listens = app.state.service.subscriptions

    def graver(story: Story) -> Event:
        told = story.now_is(severity=Severity.SEV1)
        return IncidentSeverityChanged(incident=told, previous=Severity.SEV2)

    async with room.open_uow() as uow:
        await IncidentRepository(uow.conn).lock(first.incident_id)
        batch = create_task(handed_over(room.open_uow, listens, graver(first), graver(second)))
        await eventually(lambda: waits(room), within=5)
        other = create_task(handed_over(room.open_uow, listens, graver(second), SOMEBODY, graver(first)))
        await eventually(lambda: waits(room, number=2), within=5)
    await gather(batch, other)
    for story in (first, second):
        assert (await room.report(story)).title == "Checkout: major outage"
        assert (await room.followed(story)).incident.version == story.version
    async with room.open_uow() as uow:
        assert await Directory(uow.conn).user(SOMEBODY.id) is not None
