"""One look finds all that is due, and wakes whoever is to do it (R26)."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.ledger import SCHEMA
from tocsin_bus.due import AT_REST, BEAT, DueWork
from tocsin_bus.sending import queue_sending
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_chassis.wakeups import Wakeups
from tocsin_runtime.clock import Clock, DatabaseClock, ManualClock, process_now
from tocsin_runtime.database import Database
from tocsin_testkit.waiting import eventually


@pytest.fixture
def woken() -> list[str]:
    return []


@pytest.fixture
def wakeups() -> Wakeups:
    return Wakeups()


def _due(
    database: Database, clock: Clock, woken: list[str], wakeups: Wakeups, *, at_rest: float = AT_REST
) -> DueWork:
    return DueWork(
        database,
        clock,
        consumer=SCHEMA,
        kinds=["reminder"],
        providers=["smtp", "webhook"],
        wake=woken.append,
        stirred=wakeups.take_stirred,
        at_rest=at_rest,
        others={"cleaner": "SELECT FROM idempotency WHERE created_at <= :now"},
    )


@pytest.fixture
def due(database: Database, clock: ManualClock, woken: list[str], wakeups: Wakeups) -> DueWork:
    return _due(database, clock, woken, wakeups)


@pytest.fixture
def resting(database: Database, woken: list[str], wakeups: Wakeups) -> DueWork:
    """By the database's own time."""
    return _due(database, DatabaseClock(), woken, wakeups)


async def test_nobody_is_woken_for_nothing(due: DueWork, woken: list[str]) -> None:
    assert await due.run_once() == 0
    assert woken == []


async def test_who_has_something_to_do_is_woken_when_its_time_has_come(
    due: DueWork, woken: list[str], open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    async with open_uow() as uow:
        uow.schedule("reminder", uuid4(), uow.now + timedelta(minutes=1))
        uow.schedule("of another release", uuid4(), uow.now)
        await queue_sending(uow, provider="smtp", subject=uuid4(), payload={}, idempotency_key="1")
    await due.run_once()
    assert woken == ["send.smtp"]
    woken.clear()
    clock.forward(timedelta(minutes=1))
    await due.run_once()
    assert sorted(woken) == ["send.smtp", "timers"]


async def test_the_services_own_conditions_are_looked_at_too(
    due: DueWork, woken: list[str], database: Database, clock: ManualClock
) -> None:
    await _insert_request(database, clock.moment)
    await due.run_once()
    assert woken == ["cleaner"]


async def test_at_rest_it_looks_again_when_something_was_committed(
    resting: DueWork, woken: list[str], database: Database, wakeups: Wakeups
) -> None:
    await resting.run_once()
    await _insert_request(database, datetime(2026, 1, 1, tzinfo=UTC))
    await resting.run_once()
    assert woken == []

    wakeups.stir()
    await resting.run_once()
    assert woken == ["cleaner"]
    await resting.run_once()
    assert woken == ["cleaner"] * 2, "it is due still"


async def test_at_rest_it_looks_again_when_another_replica_tells(
    resting: DueWork, woken: list[str], database: Database, wakeups: Wakeups
) -> None:
    await resting.run_once()
    await _insert_request(database, datetime(2026, 1, 1, tzinfo=UTC))
    wakeups.heard('{"wake": []}')
    await resting.run_once()
    assert woken == ["cleaner"]


async def test_where_others_write_without_a_word_it_looks_each_second(
    database: Database, woken: list[str], wakeups: Wakeups
) -> None:
    due = _due(database, DatabaseClock(), woken, wakeups, at_rest=BEAT)
    await due.run_once()
    await _insert_request(database, datetime(2026, 1, 1, tzinfo=UTC))

    await eventually(lambda: _has_woken(due, woken), within=BEAT)


async def test_a_look_that_failed_is_taken_again_at_once(
    resting: DueWork, woken: list[str], database: Database, wakeups: Wakeups
) -> None:
    await resting.run_once()
    await _insert_request(database, datetime(2026, 1, 1, tzinfo=UTC))
    wakeups.stir()
    await _rename(database, "outbox", "gone")
    with pytest.raises(DBAPIError):
        await resting.run_once()
    await _rename(database, "gone", "outbox")
    await resting.run_once()
    assert woken == ["cleaner"]


async def test_what_comes_due_before_the_next_look_at_rest_is_waited_for(
    resting: DueWork, woken: list[str], database: Database
) -> None:
    await _insert_request(database, process_now() + timedelta(seconds=0.3))
    await resting.run_once()
    assert woken == []

    await eventually(lambda: _has_woken(resting, woken), within=5)
    assert woken == ["cleaner"]


async def _has_woken(due: DueWork, woken: list[str]) -> bool:
    await due.run_once()
    return bool(woken)


async def _rename(database: Database, table: str, name: str) -> None:
    async with database.begin() as conn:
        await conn.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


async def _insert_request(database: Database, at: datetime) -> None:
    async with database.begin() as conn:
        await conn.execute(
            text(
                "INSERT INTO idempotency (caller, route, key, body_digest, status, headers, body, created_at)"
                " VALUES ('c', 'r', 'k', '', 200, '{}', '', :at)"
            ),
            {"at": at},
        )
