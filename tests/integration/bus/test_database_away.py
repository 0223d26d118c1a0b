"""No connection is to be had: whoever asks gets one kind of error, which all roads take for an outage."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tocsin_bus.parked import is_transient, is_unreachable
from tocsin_runtime.connections import DatabaseUnreachable
from tocsin_runtime.database import Database


@pytest.mark.parametrize("place", ["127.0.0.1:1/nowhere", "/nowhere?host={folder}"])
async def test_a_server_that_is_not_there_is_unreachable(place: str, tmp_path: Path) -> None:
    database = Database(f"postgresql://a:b@{place.format(folder=tmp_path)}", schema="paging", role=None)
    with pytest.raises(DatabaseUnreachable) as refused:
        async with database.read():
            pytest.fail("there is no server")
    await database.close()
    assert is_unreachable(refused.value)


async def test_a_database_that_turns_the_login_away_is_unreachable(database_url: str) -> None:
    gone = Database(database_url.replace("@/", "@/gone_"), schema="paging", role=None)
    with pytest.raises(DatabaseUnreachable, match="does not exist"):
        async with gone.begin():
            pytest.fail("there is no such database")
    await gone.close()


async def test_a_pool_with_nothing_left_is_unreachable(database_url: str) -> None:
    small = Database(database_url, schema="incidents", role=None, pool_size=1)
    async with small.begin() as held:
        await held.execute(text("SELECT 1"))
        with pytest.raises(DatabaseUnreachable) as refused:
            async with small.begin():
                pytest.fail("its only connection is in use")
    await small.close()
    assert is_unreachable(refused.value)


@pytest.mark.parametrize(
    ("state", "away", "passes"),
    [
        ("53100", True, True),  # disk full
        ("53300", True, True),  # too many connections
        ("57P01", True, True),  # shutting down
        ("58030", True, True),  # I/O error
        ("25006", True, True),  # a standby
        ("57014", False, True),  # statement time-out
        ("55P03", False, True),  # lock not available
        ("40P01", False, True),  # deadlock
        ("42703", False, True),  # a column that a migration is still to make
        ("42P01", False, True),  # a table of which the same is true
        ("23505", False, False),  # unique violation
        ("22003", False, False),  # out of range
    ],
)
async def test_what_an_error_of_the_server_means(
    database: Database, state: str, *, away: bool, passes: bool
) -> None:
    with pytest.raises(DBAPIError) as raised:
        async with database.begin() as conn:
            await conn.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"))
    assert (is_unreachable(raised.value), is_transient(raised.value)) == (away, passes)
