"""The consumer runner: many events in one transaction; what fails is parked, and its key waits behind it (R14-R17)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.bus_running import consuming
from tests.integration.bus.backends import cut_off, in_transaction
from tests.integration.bus.handlers import Ledger, Refused, as_record, records
from tests.ledger import SCHEMA, count, effects, envelope, enveloped, record_effect
from tocsin_bus.consumer import ConsumerRunner
from tocsin_bus.parked import is_unreachable
from tocsin_bus.postgres_consumer import PostgresConsumer
from tocsin_bus.protocol import Bus, Partition, Record
from tocsin_bus.retry import ParkedRunner
from tocsin_bus.subscriptions import Subscriptions
from tocsin_bus.unit_of_work import OpenUnitOfWork, UnitOfWork
from tocsin_events.base import Topic
from tocsin_events.canary import Canary
from tocsin_events.status import ComponentStateChanged, UpdateOverdue
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database
from tocsin_testkit.waiting import eventually

KEY = UUID("0195d2f0-0000-7000-8000-000000000001")
OTHER = UUID("0195d2f0-0000-7000-8000-000000000002")


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def outcomes() -> Counter[str]:
    return Counter()


@pytest.fixture
def runner(bus: Bus, ledger: Ledger, open_uow: OpenUnitOfWork, outcomes: Counter[str]) -> ConsumerRunner:
    def observe(kind: str, outcome: str, number: int) -> None:
        outcomes[outcome] += number

    return ConsumerRunner(bus, ledger.subscriptions, open_uow, observe=observe)


async def test_a_batch_is_one_transaction(runner: ConsumerRunner, database: Database) -> None:
    await runner.handle(records(KEY, range(20)))
    async with database.read() as conn:
        transactions = (
            await conn.execute(text("SELECT count(DISTINCT xmin::text) FROM effects"))
        ).scalar_one()
    assert transactions == 1
    assert await effects(database) == {KEY: list(range(20))}


async def test_a_redelivery_has_no_second_effect(
    runner: ConsumerRunner, database: Database, outcomes: Counter[str]
) -> None:
    batch = records(KEY, range(5))
    await runner.handle(batch)
    await runner.handle(batch[2:] + records(KEY, [5]))
    assert await effects(database) == {KEY: [0, 1, 2, 3, 4, 5]}
    assert outcomes == {"handled": 6, "repeated": 3}


async def test_two_replicas_that_get_the_same_events_have_one_effect(
    runner: ConsumerRunner, bus: Bus, ledger: Ledger, open_now: OpenUnitOfWork, database: Database
) -> None:
    zombie = ConsumerRunner(bus, ledger.subscriptions, open_now)
    batch = records(KEY, range(30))
    await asyncio.gather(runner.handle(batch), zombie.handle(batch))
    assert await effects(database) == {KEY: list(range(30))}


async def test_what_was_fetched_while_the_lease_was_late_is_fetched_again(
    runner: ConsumerRunner, bus: Bus, database: Database
) -> None:
    """A database that stalls for some seconds makes a lease late and nobody its new owner: nothing may fall between."""
    member = bus.consumer(group=SCHEMA, topics=[Topic.STATUS], on_revoked=runner._revoked)
    assert isinstance(member, PostgresConsumer)
    await member.start()
    await bus.publish([envelope(KEY, number) for number in range(3)])
    member.look()
    fetch = member.fetch

    async def fetch_late(*, wait: float, limit: int) -> dict[Partition, list[Record]]:
        fetched = await fetch(wait=wait, limit=limit)
        member._keeper._valid_until = 0.0
        return fetched

    member.fetch = fetch_late  # type: ignore[method-assign]
    assert await runner._turn(member) == 0
    member.fetch = fetch  # type: ignore[method-assign]
    await member._keeper.renew()
    assert await runner._turn(member) == 3
    await member.close()
    assert await effects(database) == {KEY: [0, 1, 2]}


async def test_one_bad_event_does_not_take_its_batch_with_it(
    runner: ConsumerRunner, ledger: Ledger, database: Database
) -> None:
    ledger.broken[2] = lambda: Refused("no such component")
    await runner.handle([*records(KEY, [0, 1]), *records(OTHER, [2]), *records(KEY, [3, 4])])
    assert await effects(database) == {KEY: [0, 1, 3, 4]}
    async with database.read() as conn:
        row = (await conn.execute(text("SELECT * FROM parked"))).mappings().one()
    assert (row["key"], row["attempts"], row["permanent"], row["state"]) == (OTHER, 1, True, "waiting")
    assert row["reason"] == "Refused('no such component')"


async def test_nothing_leaves_with_the_commit_of_one_that_was_cut_out_of_its_batch(
    runner: ConsumerRunner, ledger: Ledger, open_uow: OpenUnitOfWork
) -> None:
    """Another of the batch, which is handled next, may say that it is not to leave at all."""
    asked: list[int] = []
    rooms: list[str] = []

    def effect(uow: UnitOfWork, number: int) -> None:
        asked.append(number)
        uow.berths("smtp", "")

    def berths(provider: str, _place: str) -> None:
        rooms.append(provider)

    ledger.on_effect = effect

    @asynccontextmanager
    async def open_with_room(**more: Any) -> AsyncIterator[UnitOfWork]:
        async with open_uow(**more) as uow:
            uow.berths = berths
            yield uow

    runner._open_uow = open_with_room
    await runner.handle(records(KEY, [0, 1]))
    assert (asked, rooms) == ([0, 1], ["smtp", "smtp"])
    ledger.broken[3] = lambda: Refused("no such component")
    await runner.handle([*records(KEY, [2]), *records(OTHER, [3])])
    assert asked == [0, 1, 2, 3, 2, 3]
    assert rooms == ["smtp"] * 4


async def test_later_events_of_the_key_wait_behind_it_and_heal_in_order(
    runner: ConsumerRunner, ledger: Ledger, database: Database, open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    ledger.broken[1] = lambda: Refused("not yet")
    await runner.handle([*records(KEY, [0, 1, 2]), *records(OTHER, [7])])
    await runner.handle(records(KEY, [3]))
    assert await effects(database) == {KEY: [0], OTHER: [7]}
    parked = ParkedRunner(ledger.subscriptions, open_uow)
    assert await parked.run_once() == 0, "its pause is not over"
    ledger.broken.clear()
    clock.forward(_seconds(1))
    for _ in range(3):
        assert await parked.run_once() == 1
    assert await parked.run_once() == 0
    await runner.handle(records(KEY, [4]))
    assert await effects(database) == {KEY: [0, 1, 2, 3, 4], OTHER: [7]}
    assert await count(database, "parked", "state = 'done'") == 3


async def test_a_permanent_failure_is_tried_three_times_then_dead_and_its_key_goes_on(
    runner: ConsumerRunner, ledger: Ledger, database: Database, open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    ledger.broken[0] = lambda: Refused("never")
    await runner.handle(records(KEY, [0, 1]))
    parked = ParkedRunner(ledger.subscriptions, open_uow)
    await _run_for(parked, clock, seconds=10)
    assert ledger.tries.count(0) == 4, "in the batch, alone, and twice as parked"
    assert await effects(database) == {KEY: [1]}
    assert await count(database, "parked", "state = 'dead'") == 1
    (letter,) = ledger.dead
    assert letter.envelope is not None
    assert letter.envelope.key == KEY
    assert letter.reason == "Refused('never')"
    assert await count(database, "timers", "kind = 'fallback-page'") == 1


async def test_a_transient_failure_is_tried_for_an_hour_with_growing_pauses(
    runner: ConsumerRunner, ledger: Ledger, database: Database, open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    ledger.broken[0] = lambda: TimeoutError("the lookup took too long")
    await runner.handle(records(KEY, [0]))
    parked = ParkedRunner(ledger.subscriptions, open_uow)
    tried_at = []
    for second in range(90):
        if await parked.run_once():
            tried_at.append(second)
        clock.forward(_seconds(1))
    assert tried_at == [1, 3, 8, 23, 83]
    ledger.broken.clear()
    await _run_for(parked, clock, seconds=61)
    assert await effects(database) == {KEY: [0]}
    assert ledger.dead == []


async def test_a_dead_letter_handler_that_fails_is_asked_again_and_holds_up_no_other_key(
    runner: ConsumerRunner, ledger: Ledger, database: Database, open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    failures = [RuntimeError("no pager")]
    tell = ledger.subscriptions.dead_handler
    assert tell is not None

    async def fails_once(letter: object, uow: UnitOfWork) -> None:
        if failures:
            raise failures.pop()
        await tell(letter, uow)  # type: ignore[arg-type]

    ledger.subscriptions.on_dead(fails_once)
    ledger.broken[0] = lambda: Refused("never")
    ledger.broken[5] = lambda: Refused("not yet")
    await runner.handle([*records(KEY, [0]), *records(OTHER, [5])])
    ledger.broken.pop(5)
    parked = ParkedRunner(ledger.subscriptions, open_uow)
    await _run_for(parked, clock, seconds=10)
    assert not failures
    assert await effects(database) == {OTHER: [5]}
    assert ledger.dead == []
    await _run_for(parked, clock, seconds=61)
    assert len(ledger.dead) == 1
    assert await count(database, "parked", "state = 'dead'") == 1


async def test_bytes_that_cannot_be_read_are_dead_at_their_first_try(
    runner: ConsumerRunner, ledger: Ledger, database: Database, open_uow: OpenUnitOfWork
) -> None:
    record = Record(Partition(Topic.STATUS, 0), 9, None, {"x": "y"}, b"\x00\xff", "not a Tocsin CloudEvent")
    await runner.handle([record, *records(KEY, [1])])
    await runner.handle([record])
    assert await ParkedRunner(ledger.subscriptions, open_uow).run_once() == 1
    assert await effects(database) == {KEY: [1]}
    assert await count(database, "parked", "state = 'dead' AND type = 'unreadable'") == 1
    (letter,) = ledger.dead
    assert letter.envelope is None


async def test_a_newer_major_version_is_parked_not_skipped(
    runner: ConsumerRunner, database: Database
) -> None:
    newer = replace(envelope(KEY, 0), type="status.component_changed.v2")
    await runner.handle([as_record(newer), *records(OTHER, [1])])
    assert await effects(database) == {OTHER: [1]}
    assert await count(database, "parked", "type = 'status.component_changed.v2' AND permanent") == 1


async def test_canaries_and_events_that_nobody_handles_leave_no_trace(
    runner: ConsumerRunner, database: Database, ledger: Ledger
) -> None:
    now = envelope(KEY, 0).occurred_at
    canary = enveloped(Canary(id=KEY, sent_to=Topic.STATUS, sent_at=now))
    overdue = enveloped(UpdateOverdue(incident_id=KEY, due_at=now))
    await runner.handle([as_record(canary), as_record(overdue)])
    assert await count(database, "inbox") == 0
    assert ledger.tries == []


async def test_a_deadlock_victim_is_tried_again_and_both_take_effect(
    bus: Bus, database: Database, open_now: OpenUnitOfWork
) -> None:
    subscriptions, both = Subscriptions(SCHEMA), asyncio.Barrier(2)
    first_try = {1, 2}

    @subscriptions.on(ComponentStateChanged)
    async def lock_two_rows(event: ComponentStateChanged, uow: UnitOfWork) -> None:
        number = int(event.name)
        rows = [KEY, OTHER] if number == 1 else [OTHER, KEY]
        await uow.conn.execute(_LOCK, {"key": rows[0]})
        if number in first_try:
            first_try.discard(number)
            async with asyncio.timeout(5):
                await both.wait()
        await uow.conn.execute(_LOCK, {"key": rows[1]})
        await record_effect(uow, event)

    async with database.begin() as conn:
        for key in (KEY, OTHER):
            await conn.execute(text("INSERT INTO counters (key) VALUES (:key)"), {"key": key})
    runner = ConsumerRunner(bus, subscriptions, open_now)
    await asyncio.gather(runner.handle(records(KEY, [1])), runner.handle(records(OTHER, [2])))
    parked = ParkedRunner(subscriptions, open_now)

    async def healed() -> bool:
        await parked.run_once()
        return await effects(database) == {KEY: [1], OTHER: [2]}

    await eventually(healed, within=10)


async def test_a_handler_that_hangs_is_cut_off_and_parked_and_leaves_no_transaction(
    bus: Bus, database: Database, database_url: str, open_now: OpenUnitOfWork
) -> None:
    subscriptions = Subscriptions(SCHEMA)

    @subscriptions.on(ComponentStateChanged)
    async def hang(event: ComponentStateChanged, uow: UnitOfWork) -> None:
        await record_effect(uow, event)
        await asyncio.Event().wait()

    await ConsumerRunner(bus, subscriptions, open_now, deadline=0.2).handle(records(KEY, [1]))
    assert await effects(database) == {}
    assert await count(database, "parked", "NOT permanent AND reason LIKE 'TimeoutError%'") == 1

    async def nothing_left_behind() -> bool:
        return await in_transaction(database_url) == 0

    await eventually(nothing_left_behind, within=5)


async def test_when_the_database_goes_away_nothing_is_parked_and_the_batch_comes_again(
    bus: Bus, database: Database, database_url: str, open_now: OpenUnitOfWork
) -> None:
    subscriptions, cuts = Subscriptions(SCHEMA), [1]

    @subscriptions.on(ComponentStateChanged)
    async def cut_once(event: ComponentStateChanged, uow: UnitOfWork) -> None:
        await record_effect(uow, event)
        if cuts:
            cuts.pop()
            await cut_off(database_url, "effects")
        await record_effect(uow, event)

    runner = ConsumerRunner(bus, subscriptions, open_now)
    with pytest.raises(Exception, match=r".+") as caught:
        await runner.handle(records(KEY, [1]))
    assert is_unreachable(caught.value)
    assert await count(database, "parked") == 0
    await runner.handle(records(KEY, [1]))
    assert await effects(database) == {KEY: [1, 1]}


async def test_it_consumes_until_stopped_and_stores_where_it_was(
    bus: Bus, database: Database, ledger: Ledger
) -> None:
    async with consuming(bus, database, ledger.subscriptions) as runner:
        await bus.publish([envelope(KEY, number) for number in range(50)])
        await eventually(lambda: len(ledger.tries) == 50, within=20)
        assert runner.progress.assigned
    ends = await bus.end_offsets(Topic.STATUS)
    positions = await bus.positions(SCHEMA, Topic.STATUS)
    assert {p: end for p, end in ends.items() if end} == positions


async def test_a_transaction_takes_no_more_events_than_a_batch(bus: Bus, database: Database) -> None:
    """Else two replicas wait for each other's locks for as long as all of them take (comms and the page's row)."""
    await bus.publish([envelope(KEY, number) for number in range(50)])
    async with consuming(bus, database, batch=7) as runner:
        await eventually(lambda: runner.progress.handled == 50, within=20)
    async with database.read() as conn:
        sizes = (await conn.execute(text("SELECT count(*) FROM effects GROUP BY xmin::text"))).scalars().all()
    assert (sum(sizes), max(sizes)) == (50, 7)


async def _run_for(parked: ParkedRunner, clock: ManualClock, *, seconds: int) -> None:
    for _ in range(seconds):
        while await parked.run_once():
            pass
        clock.forward(_seconds(1))


def _seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


_LOCK = text("SELECT value FROM counters WHERE key = :key FOR UPDATE")
