"""Writes of a unit of work that go to the server together."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.ledger import SCHEMA, count, effects, numbered
from tocsin_bus.outbox import unpublished
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_runtime.database import Database
from tocsin_runtime.statement import Statement
from tocsin_runtime.writes import Write

KEY = UUID("0195d2f0-0000-7000-8000-000000000001")
OTHER = UUID("0195d2f0-0000-7000-8000-000000000002")
_EFFECT = Statement("INSERT INTO effects (key, number) VALUES (:key, :number)")
_COUNTER = Statement("INSERT INTO counters (key, value) SELECT :key, CAST(:value AS int) + :more")
_FORGET = Statement("DELETE FROM effects WHERE key = :key")


def effect(key: UUID, number: int) -> Write:
    return Write(_EFFECT, {"key": key, "number": number})


async def test_all_of_a_unit_of_work_is_written(database: Database, open_uow: OpenUnitOfWork) -> None:
    async with open_uow() as uow:
        uow.write(effect(KEY, 7))
        uow.write(Write(_COUNTER, {"key": KEY, "value": 40, "more": 2}))
        uow.schedule("remind", KEY, uow.now)
        uow.emit(numbered(KEY, 1))
        uow.announce("incident:1")
        assert await _here(uow.conn, "effects") == 0
    assert await effects(database) == {KEY: [7]}
    assert await count(database, "counters", "value = 42") == 1
    assert await count(database, "timers") == 1
    async with database.read() as conn:
        assert len(await unpublished(conn, lanes=range(4), limit=10, service=SCHEMA)) == 1


async def test_the_same_statement_may_be_written_many_times(
    database: Database, open_uow: OpenUnitOfWork
) -> None:
    async with open_uow() as uow:
        for number in range(5):
            uow.write(effect(KEY, number))
            uow.write(effect(OTHER, number))
    assert await effects(database) == {KEY: list(range(5)), OTHER: list(range(5))}


async def test_whoever_reads_next_settles_first(database: Database, open_uow: OpenUnitOfWork) -> None:
    async with open_uow() as uow:
        uow.write(effect(KEY, 1))
        await uow.settle()
        assert await _here(uow.conn, "effects") == 1
        uow.write(Write(_FORGET, {"key": KEY}))
    assert await effects(database) == {}


async def test_one_that_fails_takes_all_with_it(database: Database, open_uow: OpenUnitOfWork) -> None:
    with pytest.raises(IntegrityError, match="counters_pkey"):
        await _count_twice(open_uow)
    assert await effects(database) == {}
    assert await count(database, "outbox") == 0


async def _count_twice(open_uow: OpenUnitOfWork) -> None:
    counter = Write(_COUNTER, {"key": KEY, "value": 1, "more": 0})
    async with open_uow() as uow:
        uow.write(effect(KEY, 1))
        uow.write(counter)
        uow.write(counter)
        uow.emit(numbered(KEY, 1))


async def _here(conn: AsyncConnection, table: str) -> int:
    """How many rows the transaction itself sees."""
    result = await conn.execute(text(f"SELECT count(*) FROM {table}"))
    return int(result.scalar_one())
