"""One look finds all that is due, and wakes whoever is to do it (R26)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.ledger import SCHEMA
from tocsin_bus.due import DueWork
from tocsin_bus.sending import queue_sending
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database


@pytest.fixture
def woken() -> list[str]:
    return []


@pytest.fixture
def due(database: Database, clock: ManualClock, woken: list[str]) -> DueWork:
    return DueWork(
        database,
        clock,
        consumer=SCHEMA,
        kinds=["reminder"],
        providers=["smtp", "webhook"],
        wake=woken.append,
        others={"cleaner": "SELECT FROM idempotency WHERE created_at <= :now"},
    )


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
    async with database.begin() as conn:
        await conn.execute(
            text(
                "INSERT INTO idempotency (caller, route, key, body_digest, status, headers, body, created_at)"
                " VALUES ('c', 'r', 'k', '', 200, '{}', '', :at)"
            ),
            {"at": clock.moment},
        )
    await due.run_once()
    assert woken == ["cleaner"]
