"""Leases: a fair share for whoever lives, nothing for the dead, and an epoch that tells the late (R7)."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.integration.bus.leasing_process import NAMES, SCOPE
from tests.ledger import count
from tocsin_bus.lease_table import TTL, LeaseTable
from tocsin_bus.leases import RENEW, LeaseKeeper
from tocsin_runtime.clock import monotonic
from tocsin_runtime.database import Database
from tocsin_testkit.waiting import eventually

ROOT = Path(__file__).parents[3]


def keeper(database: Database) -> LeaseKeeper:
    return LeaseKeeper(LeaseTable(database.apart), scope=SCOPE, names=NAMES)


@asynccontextmanager
async def running(*keepers: LeaseKeeper) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one.run()) for one in keepers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def shares(*keepers: LeaseKeeper) -> list[int]:
    return sorted(len(one.held()) for one in keepers)


def all_held_once(*keepers: LeaseKeeper) -> bool:
    return sorted(name for one in keepers for name in one.held()) == NAMES


@pytest.fixture
def frozen(database_url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A member in a process of its own, to be stopped by a signal."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'libs' / 'testkit'}"}
    command = [sys.executable, "-m", "tests.integration.bus.leasing_process", database_url]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


async def test_one_member_holds_everything(database: Database) -> None:
    one = keeper(database)
    assert one.held() == {}
    await one.renew()
    assert one.held() == dict.fromkeys(NAMES, 1)


async def test_three_members_share_fairly(database: Database) -> None:
    members = [keeper(database) for _ in range(3)]
    async with running(*members):
        await eventually(lambda: shares(*members) == [2, 2, 2], within=4 * RENEW)
        assert all_held_once(*members)


async def test_who_leaves_is_followed_at_the_next_look(database: Database) -> None:
    one, two = keeper(database), keeper(database)
    async with running(one):
        async with running(two):
            await eventually(lambda: shares(one, two) == [3, 3], within=4 * RENEW)
        await two.close()
        assert two.held() == {}
        await one.renew()
        assert len(one.held()) == 6


async def test_a_stopped_process_is_followed_within_seven_seconds(
    database: Database, frozen: subprocess.Popen[bytes]
) -> None:
    one = keeper(database)
    async with running(one):
        await eventually(lambda: _owners(database, 2), within=60)
        before = one.held()
        os.kill(frozen.pid, signal.SIGSTOP)
        since = monotonic()
        await eventually(lambda: len(one.held()) == 6, within=TTL + 2 * RENEW)
        assert monotonic() - since <= TTL + 1
        after = one.held()
    for name in NAMES:
        assert after[name] == before.get(name, after[name]), "what it kept, it kept under the same epoch"
    assert all(after[name] > 1 for name in set(NAMES) - set(before))


async def test_a_member_that_cannot_renew_stops_acting_before_others_start(database: Database) -> None:
    lost: list[str] = []

    async def on_lost(names: frozenset[str]) -> None:
        lost.extend(names)

    late = LeaseKeeper(LeaseTable(database.apart), scope=SCOPE, names=NAMES, on_lost=on_lost)
    await late.renew()
    async with database.begin() as conn:
        await conn.execute(text("ALTER TABLE lease_members RENAME TO hidden"))
    async with running(late):
        await eventually(lambda: not late.held(), within=TTL)
        async with database.read() as conn:
            left = (await conn.execute(_LEFT)).scalar_one()
        assert left > 0, "its leases have not run out yet"
        await eventually(lambda: sorted(lost) == NAMES, within=2 * RENEW + 1)


async def test_gains_and_losses_are_told(database: Database) -> None:
    told: list[tuple[str, int]] = []

    async def on_gained(names: frozenset[str]) -> None:
        told.append(("gained", len(names)))

    async def on_lost(names: frozenset[str]) -> None:
        told.append(("lost", len(names)))

    one = LeaseKeeper(
        LeaseTable(database.apart), scope=SCOPE, names=NAMES, on_gained=on_gained, on_lost=on_lost
    )
    two = keeper(database)
    await one.renew()
    await two.renew()
    await one.renew()
    await two.renew()
    assert told == [("gained", 6), ("lost", 3)]
    assert shares(one, two) == [3, 3]
    await one.close()
    assert told[-1] == ("lost", 3)


async def test_scopes_are_apart(database: Database) -> None:
    one = keeper(database)
    other = LeaseKeeper(LeaseTable(database.apart), scope="other", names=NAMES)
    await one.renew()
    await other.renew()
    assert len(one.held()) == len(other.held()) == 6


async def test_members_of_one_process_renew_in_one_statement(database: Database) -> None:
    asked = 0

    def counted() -> AbstractAsyncContextManager[AsyncConnection]:
        nonlocal asked
        asked += 1
        return database.apart()

    table = LeaseTable(counted)
    one, other = (LeaseKeeper(table, scope=scope, names=NAMES) for scope in ("one", "other"))
    await asyncio.gather(one.renew(), other.renew())
    assert asked == 3, "a renewal for both, and each takes its leases"
    stranger = LeaseKeeper(LeaseTable(database.apart), scope="other", names=NAMES)
    await stranger.renew()
    asked = 0
    await one.renew()
    assert (asked, one.held()) == (1, dict.fromkeys(NAMES, 1))
    await asyncio.gather(one.renew(), other.renew())
    assert one.held() == dict.fromkeys(NAMES, 1)
    await stranger.renew()
    assert shares(other, stranger) == [3, 3]


async def test_who_leaves_in_the_middle_of_a_renewal_is_gone(database: Database) -> None:
    one = keeper(database)
    await one.renew()
    renewal = asyncio.create_task(one.renew())
    await asyncio.sleep(0)
    renewal.cancel()
    await one.close()
    assert await count(database, "lease_members") == 0
    assert await count(database, "leases", "until > now()") == 0


async def _owners(database: Database, wanted: int) -> bool:
    return (
        await count(database, "(SELECT DISTINCT owner FROM leases WHERE until > now()) AS owners") == wanted
    )


_LEFT = text("SELECT extract(epoch FROM max(until) - clock_timestamp()) FROM leases")
