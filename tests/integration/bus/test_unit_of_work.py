"""State, events, timers and wake-ups commit together or not at all."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import text

from tests.integration.bus.backends import cut_off, in_transaction
from tests.ledger import SCHEMA, count, numbered
from tocsin_bus.listener import Listener
from tocsin_bus.outbox import Waiting, lane_of, unpublished
from tocsin_bus.unit_of_work import Cause, OpenUnitOfWork, notification_channel, unit_of_work_opener
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database
from tocsin_testkit.waiting import eventually

KEY = UUID("0195d2f0-0000-7000-8000-000000000001")


class Failed(Exception):
    """What goes wrong inside a unit of work."""


@contextmanager
def failing() -> Iterator[None]:
    with pytest.raises(Failed):
        yield


async def waiting(database: Database) -> list[Waiting]:
    async with database.read() as conn:
        return await unpublished(conn, lanes=range(4), limit=100, service=SCHEMA)


async def test_a_rollback_emits_schedules_and_wakes_nothing(database: Database, clock: ManualClock) -> None:
    woken: list[str] = []
    open_uow = unit_of_work_opener(database, service=SCHEMA, clock=clock, on_wake=woken.append)
    with failing():
        async with open_uow() as uow:
            uow.emit(numbered(KEY, 1))
            uow.schedule("remind", KEY, uow.now)
            uow.wake("worker")
            uow.after_commit(lambda: woken.append("callback"))
            await uow.flush()
            raise Failed
    assert await waiting(database) == []
    assert await count(database, "timers") == 0
    assert woken == []


async def test_events_wait_in_the_order_emitted_with_one_time_and_their_cause(
    database: Database, open_uow: OpenUnitOfWork
) -> None:
    cause = Cause(uuid4(), uuid4(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    async with open_uow(cause=cause) as uow:
        ids = [uow.emit(numbered(KEY, number)) for number in range(5)]
    found = await waiting(database)
    assert [w.envelope.id for w in found] == ids
    assert {w.lane for w in found} == {lane_of(KEY)}
    for w in found:
        assert w.envelope.occurred_at == uow.now
        assert w.envelope.correlation_id == cause.correlation_id
        assert w.envelope.causation_id == cause.causation_id
        assert w.envelope.traceparent == cause.traceparent
        assert w.envelope.source == f"/tocsin/{SCHEMA}"


async def test_an_event_of_another_story_keeps_its_own_cause(
    database: Database, open_uow: OpenUnitOfWork
) -> None:
    mine, other = Cause(uuid4()), Cause(uuid4())
    async with open_uow(cause=mine) as uow:
        uow.emit(numbered(KEY, 0))
        uow.emit(numbered(KEY, 1), cause=other)
    found = [w.envelope.correlation_id for w in await waiting(database)]
    assert found == [mine.correlation_id, other.correlation_id]


async def test_callbacks_come_after_the_commit(database: Database, clock: ManualClock) -> None:
    woken: list[str] = []
    open_uow = unit_of_work_opener(database, service=SCHEMA, clock=clock, on_wake=woken.append)
    async with open_uow() as uow:
        uow.emit(numbered(KEY, 1))
        uow.after_commit(lambda: woken.append("callback"))
        assert woken == []
    assert woken == ["relay", "callback"]


async def test_whatever_became_of_it_there_may_be_more_to_do(database: Database, clock: ManualClock) -> None:
    """An answer to a commit can be lost on its way."""
    ended: list[str] = []
    open_uow = unit_of_work_opener(
        database,
        service=SCHEMA,
        clock=clock,
        on_wake=lambda name: None,
        on_commit=lambda: ended.append("ended"),
    )
    async with open_uow():
        assert ended == []
    assert ended == ["ended"]
    with failing():
        async with open_uow():
            raise Failed
    assert ended == ["ended", "ended"]


async def test_other_replicas_hear_once_who_was_woken_and_what_changed(
    database: Database, open_uow: OpenUnitOfWork
) -> None:
    heard: list[str] = []
    listener = Listener(database, {notification_channel(SCHEMA): heard.append})
    listener.start()
    await eventually(lambda: heard == [""], within=10)
    async with open_uow() as uow:
        uow.emit(numbered(KEY, 1))
        uow.wake("worker")
        uow.announce("incident")
        uow.announce("incident")
    await eventually(lambda: len(heard) == 2, within=10)
    await listener.stop()
    assert orjson.loads(heard[1]) == {"wake": ["relay", "worker"], "live": ["incident"]}


async def test_a_batch_that_changes_a_thousand_things_announces_them_all(
    database: Database, open_uow: OpenUnitOfWork
) -> None:
    heard: list[str] = []
    listener = Listener(database, {notification_channel(SCHEMA): heard.append})
    listener.start()
    await eventually(lambda: heard == [""], within=10)
    names = sorted(f"incident-{number}" for number in range(1000))
    async with open_uow() as uow:
        for name in names:
            uow.announce(name)
    await eventually(lambda: len(heard) == 11, within=10)
    assert [name for message in heard[1:] for name in orjson.loads(message)["live"]] == names
    await listener.stop()


async def test_a_listener_that_lost_its_connection_comes_back_and_wakes_all(
    database: Database, database_url: str, open_uow: OpenUnitOfWork
) -> None:
    heard: list[str] = []
    listener = Listener(database, {notification_channel(SCHEMA): heard.append})
    listener.start()
    await eventually(lambda: heard == [""], within=10)
    assert await cut_off(database_url, "LISTEN") == 1
    await eventually(lambda: heard == ["", ""], within=5)
    async with open_uow() as uow:
        uow.wake("worker")
    await eventually(lambda: len(heard) == 3, within=10)
    await listener.stop()


async def test_a_timer_of_the_same_identity_is_kept_as_it_is(
    database: Database, open_uow: OpenUnitOfWork
) -> None:
    async with open_uow() as uow:
        uow.schedule("remind", KEY, uow.now, payload={"first": True})
        first = uow.now
    async with open_uow() as uow:
        uow.schedule("remind", KEY, uow.now + timedelta(hours=1))
        uow.schedule("remind", KEY, uow.now + timedelta(hours=1), generation=1)
    async with database.read() as conn:
        rows = (await conn.execute(text("SELECT due_at, payload FROM timers ORDER BY generation"))).all()
    assert rows[0] == (first, {"first": True})
    assert len(rows) == 2


async def test_a_cancelled_unit_of_work_gives_its_connection_back(
    database: Database, database_url: str, open_uow: OpenUnitOfWork
) -> None:
    """SQLAlchemy#12077: a connection that is left behind keeps its locks."""
    for _ in range(8):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), open_uow() as uow:
                await uow.conn.execute(text("SELECT pg_sleep(5)"))
    async with open_uow() as uow:
        uow.emit(numbered(KEY, 1))
    assert len(await waiting(database)) == 1

    async def nothing_left_behind() -> bool:
        return await in_transaction(database_url) == 0

    await eventually(nothing_left_behind, within=10)
