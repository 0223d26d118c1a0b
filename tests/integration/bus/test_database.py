"""What a unit of work may rely on of its connection (R34, decision 16)."""

import asyncio
import traceback
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.integration.bus.backends import cut_off, in_transaction
from tests.ledger import count
from tocsin_bus.parked import is_transient, is_unreachable
from tocsin_runtime.database import Database
from tocsin_runtime.statement import Statement

ADD = Statement(
    "INSERT INTO idempotency (caller, route, key, body_digest, status, headers, body)"
    " VALUES (:caller, 'r', 'k', '', 200, '{}', '')"
)
PID = Statement("SELECT pg_backend_pid()")
SLOW = Statement("SELECT pg_sleep(10)")


async def test_both_roads_share_one_transaction(database: Database) -> None:
    async def add_and_fail() -> None:
        async with database.begin() as conn:
            assert await ADD.run(conn, caller="driver") == 1
            assert (await conn.execute(text("SELECT count(*) FROM idempotency"))).scalar_one() == 1
            raise KeyError

    with pytest.raises(KeyError):
        await add_and_fail()
    assert await count(database, "idempotency") == 0
    async with database.begin() as conn:
        await ADD.run(conn, caller="driver")
    assert await count(database, "idempotency") == 1


async def test_an_error_is_what_sqlalchemy_would_raise_and_shows_no_values(database: Database) -> None:
    async with database.begin() as conn:
        await ADD.run(conn, caller="secret")
        with pytest.raises(IntegrityError) as twice:
            await ADD.run(conn, caller="secret")
        await conn.execute(text("ROLLBACK AND CHAIN"))
    assert getattr(twice.value.orig, "sqlstate", "") == "23505"
    assert "secret" not in str(twice.value)
    assert not is_transient(twice.value)


async def test_no_traceback_shows_what_the_database_quotes(database: Database) -> None:
    written = uuid4().hex
    async with database.begin() as conn:
        await ADD.run(conn, caller=written)
        with pytest.raises(IntegrityError) as by_driver:
            await ADD.run(conn, caller=written)
        await conn.execute(text("ROLLBACK AND CHAIN"))
        with pytest.raises(IntegrityError) as by_sqlalchemy:
            await conn.execute(text("INSERT INTO idempotency (caller) VALUES (:caller)"), {"caller": written})
        await conn.execute(text("ROLLBACK AND CHAIN"))
    for found in (by_driver, by_sqlalchemy):
        shown = "".join(traceback.format_exception(found.value))
        assert "violates" in shown
        assert written not in shown


async def test_a_commit_that_kept_nothing_is_an_error(database: Database) -> None:
    async def add_twice() -> None:
        async with database.begin() as conn:
            await ADD.run(conn, caller="one")
            with pytest.raises(IntegrityError):
                await ADD.run(conn, caller="one")

    with pytest.raises(DBAPIError, match="passed over"):
        await add_twice()
    assert await count(database, "idempotency") == 0


async def test_a_connection_is_kept_and_lent_again(database: Database) -> None:
    async with database.begin() as conn:
        first = await PID.value(conn)
    async with database.read() as conn:
        assert await PID.value(conn) == first


async def test_a_connection_that_was_cut_is_an_outage_and_is_replaced(
    database: Database, database_url: str
) -> None:
    async def be_cut() -> None:
        async with database.begin() as conn:
            await PID.value(conn)
            await cut_off(database_url, "pg_backend_pid")
            await PID.value(conn)

    with pytest.raises(DBAPIError) as cut:
        await be_cut()
    assert is_unreachable(cut.value)
    async with database.begin() as conn:
        assert await ADD.run(conn, caller="after") == 1


async def test_a_table_that_a_migration_changed_is_no_reason_to_give_up(database: Database) -> None:
    everything = Statement("SELECT * FROM idempotency")

    async def read() -> None:
        async with database.begin() as conn:
            await everything.rows(conn)

    await read()
    async with database.begin() as conn:
        await conn.execute(text("ALTER TABLE idempotency ADD COLUMN note text"))
    with pytest.raises(DBAPIError) as changed:
        await read()
    assert is_transient(changed.value)
    assert not is_unreachable(changed.value)
    await read()


async def test_who_is_cancelled_leaves_no_transaction_behind(database: Database, database_url: str) -> None:
    async def sleep() -> None:
        async with database.begin() as conn:
            await ADD.run(conn, caller="cancelled")
            await SLOW.run(conn)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await sleep()
    assert await in_transaction(database_url) == 0
    assert await count(database, "idempotency") == 0
