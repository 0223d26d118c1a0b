"""The database server and the waiting of the tests themselves."""

import asyncio
import time
from collections.abc import Iterator

import asyncpg
import pytest

from tocsin_testkit.postgres import TestServer
from tocsin_testkit.waiting import eventually, wait_until


@pytest.fixture(scope="module")
def server() -> Iterator[TestServer]:
    with TestServer(durable=True) as running:
        yield running


async def run(url: str, statement: str) -> str:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return str(await connection.fetchval(statement))
    finally:
        await connection.close()


async def test_a_database_from_a_template_has_its_tables_and_is_apart(server: TestServer) -> None:
    template = server.create_database()
    await run(template, "CREATE TABLE pages AS SELECT 1 AS n")
    one, other = server.create_database(template), server.create_database(template)
    await run(one, "DELETE FROM pages")
    assert (await run(one, "SELECT count(*) FROM pages"), await run(other, "SELECT count(*) FROM pages")) == (
        "0",
        "1",
    )


async def test_a_dropped_database_is_gone_even_if_somebody_is_connected(server: TestServer) -> None:
    url = server.create_database()
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    server.drop_database(url)
    with pytest.raises(asyncpg.PostgresConnectionError):
        await connection.execute("SELECT 1")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await run(url, "SELECT 1")


async def test_a_killed_durable_server_starts_again_with_what_was_committed(server: TestServer) -> None:
    url = server.create_database()
    await run(url, "CREATE TABLE pages AS SELECT 7 AS n")
    server.kill()
    server.start()
    assert await run(url, "SELECT n FROM pages") == "7"


async def test_eventually_returns_what_came_and_raises_the_last_failure() -> None:
    answers = iter([None, "", "here"])
    assert await eventually(lambda: next(answers), within=5, every=0.001) == "here"

    async def never() -> bool:
        raise AssertionError("three pages are missing")

    with pytest.raises(AssertionError, match="three pages are missing"):
        await eventually(never, within=0.05, every=0.01)


async def test_eventually_cuts_off_a_check_that_hangs_and_lets_other_errors_through() -> None:
    started = time.monotonic()
    with pytest.raises(AssertionError, match="gave no answer"):
        await eventually(asyncio.Event().wait, within=0.1)
    assert time.monotonic() - started < 2
    with pytest.raises(ZeroDivisionError):
        await eventually(lambda: 1 / 0, within=5)


def test_wait_until_says_what_it_waited_for() -> None:
    def the_pager_rang() -> bool:
        return False

    with pytest.raises(AssertionError, match=r"the_pager_rang was not true within 0\.05 s"):
        wait_until(the_pager_rang, within=0.05, every=0.01)
