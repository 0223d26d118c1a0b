"""Many events through outbox, relay, bus, inbox and handler, with kills on the way: each takes effect once, in order.

TOCSIN_TEST_EVENTS sets how many; `make faults` runs 100,000.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.exc import SQLAlchemyError

from tests.bus_running import opener, relaying
from tests.contract.transports import Transport, fresh_keys
from tests.ledger import count, effects, numbered
from tocsin_bus.outbox import oldest_age
from tocsin_bus.protocol import Bus
from tocsin_runtime.database import Database
from tocsin_testkit.waiting import eventually

ROOT = Path(__file__).parents[2]
EVENTS = int(os.environ.get("TOCSIN_TEST_EVENTS", "10000"))
KEYS = 100
A_TURN = 50
"""Events that one transaction emits."""
WITHIN = 120 + EVENTS / 200
Spawn = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
async def spawn(transport: Transport, ledger_url: str) -> AsyncIterator[Spawn]:
    """Starts members as processes; the end kills what is left of them."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.contract.consuming_process"]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'libs' / 'testkit'}"}
        settings = transport.settings.model_dump_json()
        started.append(
            subprocess.Popen(
                [*command, settings, ledger_url], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


async def test_every_event_takes_effect_once_and_in_order_over_two_kills(
    bus: Bus, transport: Transport, ledger: Database, spawn: Spawn
) -> None:
    keys = fresh_keys(KEYS)
    each = EVENTS // KEYS
    members = [spawn(), spawn()]
    async with relaying(bus, ledger):
        writing = asyncio.create_task(_write(ledger, keys, each))
        await eventually(lambda: _in_effect(ledger, EVENTS // 10), within=WITHIN)
        members[0].kill()
        spawn()
        await eventually(lambda: _in_effect(ledger, EVENTS // 4), within=WITHIN)
        await asyncio.to_thread(transport.kill)
        await asyncio.to_thread(transport.start)
        await writing
        await eventually(lambda: _in_effect(ledger, EVENTS), within=WITHIN, every=0.5)
        await eventually(lambda: _nothing_waits(ledger), within=30)
    assert await effects(ledger) == {key: list(range(each)) for key in keys}
    assert await count(ledger, "parked", "state <> 'done'") == 0


async def _write(ledger: Database, keys: list[UUID], each: int) -> None:
    """Emit every key's numbers in order. A transaction whose end nobody saw is looked up before it is tried again."""
    todo = [(key, number) for number in range(each) for key in keys]
    for at in range(0, len(todo), A_TURN):
        turn = todo[at : at + A_TURN]
        await eventually(partial(_emitted, ledger, turn, already=at), within=60, every=0.2)


async def _emitted(ledger: Database, turn: list[tuple[UUID, int]], *, already: int) -> bool:
    try:
        if await count(ledger, "outbox") > already:
            return True
        async with opener(ledger)() as uow:
            for key, number in turn:
                uow.emit(numbered(key, number))
    except (SQLAlchemyError, OSError):
        return False
    return True


async def _in_effect(ledger: Database, wanted: int) -> bool:
    try:
        return await count(ledger, "effects") >= wanted
    except (SQLAlchemyError, OSError):
        return False


async def _nothing_waits(ledger: Database) -> bool:
    async with ledger.read() as conn:
        return await oldest_age(conn) == 0
