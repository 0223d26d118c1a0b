"""Dead letters are looked at and tried again under the same ids, so that nothing happens twice (R18)."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.integration.bus.handlers import Ledger, Refused, records
from tests.ledger import SCHEMA, effects
from tocsin_bus.consumer import ConsumerRunner
from tocsin_bus.dead_letters import find_dead_letters, replay_dead_letters
from tocsin_bus.listener import Listener
from tocsin_bus.protocol import Bus
from tocsin_bus.retry import ParkedRunner
from tocsin_bus.unit_of_work import OpenUnitOfWork, notification_channel
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database
from tocsin_testkit.waiting import eventually

KEY = UUID("0195d2f0-0000-7000-8000-000000000001")


@pytest.fixture
async def ledger(bus: Bus, open_uow: OpenUnitOfWork, clock: ManualClock, database: Database) -> Ledger:
    """Two events of other keys are dead, one of them healed long ago."""
    made = Ledger()
    made.broken = {1: lambda: Refused("one"), 2: lambda: Refused("two")}
    runner = ConsumerRunner(bus, made.subscriptions, open_uow)
    await runner.handle([*records(KEY, [1]), *records(uuid4(), [2]), *records(uuid4(), [3])])
    parked = ParkedRunner(made.subscriptions, open_uow)
    for _ in range(10):
        clock.forward(timedelta(seconds=1))
        await parked.run_once()
    return made


async def test_they_are_found_by_id_type_and_time(ledger: Ledger, database: Database) -> None:
    one, two = await find_dead_letters(database)
    assert one.reason == "Refused('one')"
    assert one.type == "status.component_changed.v1"
    assert one.data
    assert one.headers["subject"] == str(KEY)
    assert await find_dead_letters(database, ids=[one.id]) == [one]
    assert await find_dead_letters(database, ids=[two.event_id]) == [two]
    assert await find_dead_letters(database, kind="status.component_changed.v1") == [one, two]
    assert await find_dead_letters(database, kind="alert.opened.v1") == []
    assert await find_dead_letters(database, since=one.parked_at - timedelta(minutes=1)) == [one, two]
    assert await find_dead_letters(database, since=two.parked_at + timedelta(minutes=1)) == []


async def test_a_replay_heals_what_can_be_handled_now_and_only_what_was_chosen(
    ledger: Ledger, database: Database, open_now: OpenUnitOfWork
) -> None:
    one, two = await find_dead_letters(database)
    ledger.broken.clear()
    woken: list[str] = []
    listener = Listener(database, {notification_channel(SCHEMA): woken.append})
    listener.start()
    await eventually(lambda: woken == [""], within=10)
    assert await replay_dead_letters(database, [one.id], service=SCHEMA) == 1
    await eventually(lambda: len(woken) == 2 and "parked" in woken[1], within=10)
    await listener.stop()
    parked = ParkedRunner(ledger.subscriptions, open_now)
    assert await parked.run_once() == 1
    assert await parked.run_once() == 0
    assert (await effects(database))[KEY] == [1]
    assert await find_dead_letters(database) == [two]
    assert await replay_dead_letters(database, [one.id], service=SCHEMA) == 0


async def test_a_replay_of_what_took_effect_meanwhile_has_no_second_effect(
    ledger: Ledger, bus: Bus, database: Database, open_now: OpenUnitOfWork
) -> None:
    one, _ = await find_dead_letters(database)
    ledger.broken.clear()
    await replay_dead_letters(database, [one.id], service=SCHEMA)
    parked = ParkedRunner(ledger.subscriptions, open_now)
    await parked.run_once()
    assert await replay_dead_letters(database, [one.id], service=SCHEMA) == 0
    assert (await effects(database))[KEY] == [1]
    assert ledger.tries.count(1) == 5


async def test_what_still_cannot_be_handled_dies_again(
    ledger: Ledger, database: Database, open_now: OpenUnitOfWork
) -> None:
    one, _ = await find_dead_letters(database)
    await replay_dead_letters(database, [one.id], service=SCHEMA)
    parked = ParkedRunner(ledger.subscriptions, open_now)

    async def dead_again() -> bool:
        await parked.run_once()
        return one.id in [letter.id for letter in await find_dead_letters(database)]

    await eventually(dead_again, within=15, every=0.2)
    assert len(ledger.dead) == 3
