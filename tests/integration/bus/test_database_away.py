"""No connection is to be had: whoever asks gets one kind of error, which all roads take for an outage."""

from pathlib import Path

import pytest
from sqlalchemy import text

from tocsin_bus.parked import is_unreachable
from tocsin_runtime.database import Database, DatabaseUnreachable


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
