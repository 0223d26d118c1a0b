"""The inbox admits an event once, whoever else is at it (R11, R15)."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import text

from tests.ledger import SCHEMA, count
from tocsin_bus.inbox import admit
from tocsin_runtime.database import Database
from tocsin_runtime.ids import made_on, new_id


class Crashed(Exception):
    """How a transaction ends that does not commit."""


async def admitted(database: Database, *ids: UUID, consumer: str = SCHEMA) -> set[UUID]:
    async with database.begin() as conn:
        return await admit(conn, consumer, event_ids=ids)


async def test_an_event_is_new_once_for_each_consumer(database: Database) -> None:
    first, second = new_id(), new_id()
    assert await admitted(database, first, second) == {first, second}
    assert await admitted(database, first) == set()
    assert await admitted(database, first, consumer=f"{SCHEMA}.directory") == {first}


async def test_the_same_id_twice_in_a_batch_is_one(database: Database) -> None:
    event_id = new_id()
    assert await admitted(database, event_id, event_id) == {event_id}


async def test_a_zombie_and_the_new_owner_do_not_both_get_in(
    database: Database, other_database: Database
) -> None:
    event_id = new_id()
    async with database.begin() as zombie:
        assert await admit(zombie, SCHEMA, event_ids=[event_id]) == {event_id}
        owner = asyncio.create_task(admitted(other_database, event_id))
        done, _ = await asyncio.wait({owner}, timeout=0.3)
        assert not done, "the second must wait for how the first ends"
    assert await owner == set()


async def test_when_the_first_rolls_back_the_second_gets_in(
    database: Database, other_database: Database
) -> None:
    event_id = new_id()
    with suppress(Crashed):
        async with database.begin() as zombie:
            await admit(zombie, SCHEMA, event_ids=[event_id])
            owner = asyncio.create_task(admitted(other_database, event_id))
            done, _ = await asyncio.wait({owner}, timeout=0.3)
            assert not done
            raise Crashed
    assert await owner == {event_id}


async def test_two_that_admit_the_same_events_in_other_orders_do_not_deadlock(
    database: Database, other_database: Database
) -> None:
    ids = [new_id() for _ in range(200)]
    one, two = await asyncio.gather(admitted(database, *ids), admitted(other_database, *reversed(ids)))
    assert one | two == set(ids)
    assert not one & two


async def test_an_event_is_kept_by_the_day_in_its_id_so_that_a_redelivery_meets_the_same_row(
    database: Database,
) -> None:
    old = UUID(int=int(datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | 5)
    assert made_on(old).isoformat() == "2026-03-01"
    assert await admitted(database, old) == {old}
    assert await admitted(database, old) == set()
    assert await count(database, "inbox", "day = '2026-03-01'") == 1


async def test_ids_of_other_kinds_are_remembered_too(database: Database) -> None:
    stranger = uuid4()
    assert await admitted(database, stranger) == {stranger}
    assert await admitted(database, stranger) == set()
    async with database.read() as conn:
        day = (await conn.execute(text("SELECT day FROM inbox"))).scalar_one()
    assert day.isoformat() == "1970-01-01"
