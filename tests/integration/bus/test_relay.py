"""The relay: order under concurrent writers, marks only after the answer, a way round a dead bus (R7-R9, R22)."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from tests.bus_running import consuming, opener, relaying
from tests.integration.bus.silent_broker import stalled_bus
from tests.ledger import by_key, count, count_up, effects, numbered, recording
from tocsin_bus.consumer import ConsumerRunner
from tocsin_bus.outbox import LANES, lane_of, mark_published, oldest_age, unpublished
from tocsin_bus.protocol import Bus, Partition, Record
from tocsin_bus.relay import STALLED_AFTER, BypassRoad
from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope
from tocsin_runtime.database import Database
from tocsin_runtime.statement import Statement
from tocsin_testkit.waiting import eventually

ROOT = Path(__file__).parents[3]
WRITERS, EACH = 8, 150
SYNC = Statement("SELECT current_setting('synchronous_commit')")


async def write(database: Database, keys: Sequence[UUID], times: int) -> None:
    """One writer: takes turns on keys that others write too, each turn a transaction."""
    dice = random.Random(str(keys[0]))
    for _ in range(times):
        async with opener(database)() as uow:
            await count_up(uow, dice.choice(keys))


async def published(database: Database, wanted: int) -> bool:
    return await count(database, "outbox", "published_at IS NOT NULL") == wanted


async def read_all(bus: Bus, wanted: int) -> list[Envelope]:
    """All that lies in the topic, `wanted` records at least, in the order of its partitions."""

    async def let_go(partitions: frozenset[Partition]) -> None:
        """Nothing is under way."""

    consumer = bus.consumer(group="reader", topics=[Topic.STATUS], on_revoked=let_go)
    await consumer.start()
    found: list[Record] = []
    async with asyncio.timeout(30):
        more = True
        while more or len(found) < wanted:
            fetched = (await consumer.fetch(wait=0.5, limit=500)).values()
            found += [record for records in fetched for record in records]
            more = bool(fetched)
    await consumer.close()
    return [record.envelope for record in found if record.envelope is not None]


async def test_eight_writers_lose_nothing_and_keep_the_order_of_each_key(
    bus: Bus, database: Database, other_database: Database
) -> None:
    keys = [uuid4() for _ in range(12)]
    async with relaying(bus, database):
        pools = [database, other_database] * (WRITERS // 2)
        await asyncio.gather(*(write(pool, random.sample(keys, 12), EACH) for pool in pools))
        await eventually(lambda: published(database, WRITERS * EACH), within=30)
    found = by_key(await read_all(bus, WRITERS * EACH))
    assert sum(map(len, found.values())) == WRITERS * EACH
    assert all(numbers == list(range(len(numbers))) for numbers in found.values())


async def test_two_replicas_share_the_lanes_and_double_nothing(
    bus: Bus, database: Database, other_database: Database
) -> None:
    keys = [uuid4() for _ in range(12)]
    async with relaying(bus, database) as one, relaying(bus, other_database) as two:
        await eventually(lambda: len(one.keeper.held()) == len(two.keeper.held()) == 2, within=10)
        await asyncio.gather(*(write(database, keys, 100) for _ in range(4)))
        await eventually(lambda: published(database, 400), within=30)
    found = by_key(await read_all(bus, 400))
    assert sum(map(len, found.values())) == 400
    assert all(numbers == list(range(len(numbers))) for numbers in found.values())


async def test_nothing_is_marked_before_the_bus_has_answered(database: Database) -> None:
    async with stalled_bus() as bus, relaying(bus, database) as relay:
        await write(database, [uuid4()], 3)
        await eventually(lambda: relay.stalled_for() > 1, within=10)
        assert await count(database, "outbox", "published_at IS NULL") == 3
        async with database.read() as conn:
            assert await oldest_age(conn) > 1


async def test_a_mark_waits_for_no_disk_and_events_do(database: Database) -> None:
    """What a crash takes of the marks is told again, and known; the event itself must be there."""
    await write(database, [uuid4()], 1)
    async with database.begin() as conn:
        await conn.execute(text("SET LOCAL synchronous_commit = on"))
        waiting = await unpublished(conn, lanes=range(LANES), limit=1, service="detector")
        assert await SYNC.value(conn) == "on"
        await mark_published(conn, waiting)
        assert await SYNC.value(conn) == "off"
    assert await count(database, "outbox", "published_at IS NOT NULL") == 1


@pytest.fixture
def spawn(database_url: str) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(instance: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'libs' / 'testkit'}"}
        command = [sys.executable, "-m", "tests.integration.bus.relaying_process", database_url, instance]
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("instance", "within"), [("", 9), ("detector-0", 2.5)], ids=["nameless", "named"])
async def test_another_relay_takes_over_from_a_killed_one(
    bus: Bus,
    database: Database,
    spawn: Callable[[str], subprocess.Popen[bytes]],
    instance: str,
    within: float,
) -> None:
    """The dead one's leases last six seconds, and are looked at every two; who has its name waits for nothing.

    What was published and not yet marked when it died is published again.
    """
    keys = [uuid4() for _ in range(12)]
    doomed = spawn(instance)
    await write(database, keys, 50)
    await eventually(lambda: published(database, 50), within=20)
    writing = asyncio.create_task(write(database, keys, 200))
    await eventually(lambda: _published_at_least(database, 100), within=20)
    doomed.kill()
    await writing
    async with relaying(bus, database, instance=instance):
        await eventually(lambda: published(database, 250), within=within)
    found = [list(dict.fromkeys(numbers)) for numbers in by_key(await read_all(bus, 250)).values()]
    assert sum(map(len, found)) == 250
    assert all(numbers == list(range(len(numbers))) for numbers in found)


async def test_what_waits_on_a_stalled_bus_goes_round_it_in_order_and_is_published_later(
    bus: Bus, database: Database
) -> None:
    key = uuid4()
    runner = ConsumerRunner(bus, recording(), opener(database))
    async with stalled_bus() as dead, relaying(dead, database, bypass=_road_to(runner)) as relay:
        await _emit(database, key, range(3))
        await eventually(lambda: relay.stalled_for() > STALLED_AFTER, within=10)
        await eventually(lambda: _effects(database, [0, 1, 2]), within=5)
        await _emit(database, key, range(3, 6))
        await eventually(lambda: _effects(database, [0, 1, 2, 3, 4, 5]), within=2)
        assert await count(database, "outbox", "published_at IS NULL AND bypassed_at IS NOT NULL") == 6
    async with relaying(bus, database), consuming(bus, database):
        await _emit(database, key, [6])
        await eventually(lambda: published(database, 7), within=20)
        await eventually(lambda: _effects(database, [0, 1, 2, 3, 4, 5, 6]), within=20)


async def test_what_the_bus_took_just_before_it_went_away_goes_round_it_too_and_first(
    bus: Bus, database: Database
) -> None:
    key, runner = uuid4(), ConsumerRunner(bus, recording(), opener(database))
    async with relaying(bus, database):
        await _emit(database, key, range(3))
        await eventually(lambda: published(database, 3), within=10)
    async with stalled_bus() as dead, relaying(dead, database, bypass=_road_to(runner)) as relay:
        relay.assume_stalled()
        await _emit(database, key, range(3, 6))
        await eventually(lambda: _effects(database, [0, 1, 2, 3, 4, 5]), within=STALLED_AFTER)
    async with relaying(bus, database), consuming(bus, database):
        await _emit(database, key, [6])
        await eventually(lambda: _effects(database, [0, 1, 2, 3, 4, 5, 6]), within=20)


async def test_once_told_that_the_bus_is_away_nothing_waits_to_find_out(database: Database, bus: Bus) -> None:
    runner = ConsumerRunner(bus, recording(), opener(database))
    async with stalled_bus() as dead, relaying(dead, database, bypass=_road_to(runner)) as relay:
        relay.assume_stalled()
        await _emit(database, uuid4(), range(3))
        await eventually(lambda: _effects(database, [0, 1, 2]), within=STALLED_AFTER - 2)


async def test_a_road_past_the_bus_that_fails_is_tried_again(database: Database, bus: Bus) -> None:
    failures = [ConnectionError("the next service is away too")]
    road = _road_to(ConsumerRunner(bus, recording(), opener(database)))

    async def fails_once(envelopes: Sequence[Envelope]) -> None:
        if failures:
            raise failures.pop()
        await road(envelopes)

    async with stalled_bus() as dead, relaying(dead, database, bypass=fails_once) as relay:
        relay.assume_stalled()
        await _emit(database, uuid4(), range(3))
        await eventually(lambda: _effects(database, [0, 1, 2]), within=10)
    assert not failures


async def test_the_embedded_bus_is_never_gone_round(bus: Bus, database: Database) -> None:
    taken: list[Envelope] = []

    async def road(envelopes: Sequence[Envelope]) -> None:
        taken.extend(envelopes)

    async with relaying(bus, database, bypass=road) as relay:
        relay.assume_stalled()
        await _emit(database, uuid4(), range(3))
        await eventually(lambda: published(database, 3), within=10)
    assert taken == []


def test_keys_spread_over_all_lanes() -> None:
    lanes = [lane_of(uuid4()) for _ in range(400)]
    assert all(lanes.count(lane) > 50 for lane in range(4))


def _road_to(runner: ConsumerRunner) -> BypassRoad:
    async def road(envelopes: Sequence[Envelope]) -> None:
        await runner.handle([Record(Partition(e.topic, -1), -1, e, e.headers(), e.data) for e in envelopes])

    return road


async def _emit(database: Database, key: UUID, numbers: Sequence[int]) -> None:
    async with opener(database)() as uow:
        for number in numbers:
            uow.emit(numbered(key, number))


async def _effects(database: Database, wanted: list[int]) -> bool:
    return list((await effects(database)).values()) == [wanted]


async def _published_at_least(database: Database, wanted: int) -> bool:
    return await count(database, "outbox", "published_at IS NOT NULL") >= wanted
