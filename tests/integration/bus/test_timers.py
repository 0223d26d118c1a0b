"""Durable timers: once in effect, never early, never lost, next to a state that only moves with them (R23-R26)."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.integration.bus.backends import cut_off
from tests.ledger import SCHEMA, count, effects, numbered, record_effect
from tocsin_bus.timers import Timer, TimerRunner, Timers
from tocsin_bus.unit_of_work import OpenUnitOfWork, UnitOfWork, unit_of_work_opener
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database

KEY = UUID("0195d2f0-0000-7000-8000-000000000001")


class Reminders:
    """A table with one kind of timer, which records its number as an effect."""

    def __init__(self) -> None:
        self.timers = Timers()
        self.fired: list[Timer] = []
        self.failing = False

        @self.timers.on("remind")
        async def remind(timer: Timer, uow: UnitOfWork) -> None:
            self.fired.append(timer)
            await record_effect(uow, numbered(timer.subject, timer.generation))
            if self.failing:
                raise RuntimeError("the mail server is on fire")


@pytest.fixture
def reminders() -> Reminders:
    return Reminders()


async def schedule(open_uow: OpenUnitOfWork, subjects: Sequence[UUID], *, after: timedelta) -> None:
    async with open_uow() as uow:
        for subject in subjects:
            uow.schedule("remind", subject, uow.now + after, payload={"why": "test"})


async def test_a_timer_fires_when_it_is_due_and_never_again(
    reminders: Reminders, open_uow: OpenUnitOfWork, clock: ManualClock, database: Database
) -> None:
    await schedule(open_uow, [KEY], after=timedelta(minutes=30))
    runner = TimerRunner(reminders.timers, open_uow)
    clock.forward(timedelta(minutes=30) - timedelta(microseconds=1))
    assert await runner.run_once() == 0
    due = clock.forward(timedelta(microseconds=1))
    assert await runner.run_once() == 1
    assert await runner.run_once() == 0
    (timer,) = reminders.fired
    assert (timer.due_at, timer.payload) == (due, {"why": "test"})
    assert await effects(database) == {KEY: [0]}


async def test_a_late_timer_still_knows_when_it_was_due(
    reminders: Reminders, open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    await schedule(open_uow, [KEY], after=timedelta(minutes=5))
    clock.forward(timedelta(hours=3))
    await TimerRunner(reminders.timers, open_uow).run_once()
    assert reminders.fired[0].due_at == clock.moment - timedelta(hours=2, minutes=55)


async def test_two_replicas_fire_each_timer_once(
    reminders: Reminders,
    open_uow: OpenUnitOfWork,
    other_database: Database,
    clock: ManualClock,
    database: Database,
) -> None:
    subjects = [uuid4() for _ in range(60)]
    await schedule(open_uow, subjects, after=timedelta(0))
    other = unit_of_work_opener(other_database, service=SCHEMA, clock=clock, on_wake=lambda name: None)
    runners = [TimerRunner(reminders.timers, opened) for opened in (open_uow, other, open_uow, other)]

    async def drain(runner: TimerRunner) -> int:
        fired = 0
        while done := await runner.run_once():
            fired += done
        return fired

    shares = await asyncio.gather(*(drain(runner) for runner in runners))
    assert sum(shares) == 60
    assert await effects(database) == {subject: [0] for subject in subjects}


async def test_a_handler_that_fails_keeps_its_timer_undoes_its_work_and_backs_off(
    reminders: Reminders, open_uow: OpenUnitOfWork, clock: ManualClock, database: Database
) -> None:
    await schedule(open_uow, [KEY], after=timedelta(0))
    reminders.failing = True
    runner = TimerRunner(reminders.timers, open_uow)
    tried_at = []
    for second in range(200):
        if await runner.run_once():
            tried_at.append(second)
        clock.forward(timedelta(seconds=1))
    assert tried_at == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    assert await effects(database) == {}
    assert await count(database, "timers", "error LIKE '%on fire%' AND attempts = 9") == 1
    reminders.failing = False
    clock.forward(timedelta(minutes=1))
    assert await runner.run_once() == 1
    assert await effects(database) == {KEY: [0]}


async def test_one_failing_timer_holds_up_no_other(
    open_uow: OpenUnitOfWork, clock: ManualClock, database: Database
) -> None:
    timers, bad = Timers(), uuid4()

    @timers.on("remind")
    async def remind(timer: Timer, uow: UnitOfWork) -> None:
        await record_effect(uow, numbered(timer.subject, 0))
        if timer.subject == bad:
            raise RuntimeError("bad subject")

    others = [uuid4() for _ in range(5)]
    await schedule(open_uow, [bad, *others], after=timedelta(0))
    await TimerRunner(timers, open_uow).run_once()
    assert await effects(database) == {subject: [0] for subject in others}


async def test_a_timer_that_schedules_the_next_does_so_in_the_same_transaction(
    open_uow: OpenUnitOfWork, clock: ManualClock, database: Database
) -> None:
    timers = Timers()

    @timers.on("remind")
    async def again(timer: Timer, uow: UnitOfWork) -> None:
        following = timer.generation + 1
        uow.schedule("remind", timer.subject, timer.due_at + timedelta(minutes=1), generation=following)
        await record_effect(uow, numbered(timer.subject, timer.generation))

    await schedule(open_uow, [KEY], after=timedelta(0))
    runner = TimerRunner(timers, open_uow)
    for _ in range(3):
        assert await runner.run_once() == 1
        clock.forward(timedelta(minutes=1))
    assert await effects(database) == {KEY: [0, 1, 2]}
    assert await count(database, "timers") == 1


async def test_a_crash_in_the_middle_leaves_the_timer_due(
    open_uow: OpenUnitOfWork, database: Database, database_url: str, reminders: Reminders
) -> None:
    timers = Timers()

    @timers.on("remind")
    async def cut(timer: Timer, uow: UnitOfWork) -> None:
        await record_effect(uow, numbered(timer.subject, 0))
        await cut_off(database_url, "effects")

    await schedule(open_uow, [KEY], after=timedelta(0))
    assert await TimerRunner(timers, open_uow).run_once() == 1, "it was tried"
    assert await effects(database) == {}
    assert await count(database, "timers") == 1


async def test_kinds_of_other_releases_are_left_alone(
    reminders: Reminders, open_uow: OpenUnitOfWork, database: Database
) -> None:
    async with open_uow() as uow:
        uow.schedule("unheard-of", KEY, uow.now)
    assert await TimerRunner(reminders.timers, open_uow).run_once() == 0
    assert await count(database, "timers") == 1


async def test_a_timer_belongs_to_the_story_that_scheduled_it(
    reminders: Reminders, open_uow: OpenUnitOfWork, database: Database
) -> None:
    stories: list[UUID] = []
    timers = Timers()

    @timers.on("remind")
    async def look(timer: Timer, uow: UnitOfWork) -> None:
        stories.append(uow.correlation_id)

    async with open_uow() as uow:
        uow.schedule("remind", KEY, uow.now)
    await TimerRunner(timers, open_uow).run_once()
    assert stories == [uow.correlation_id]


def test_a_kind_has_one_handler(reminders: Reminders) -> None:
    with pytest.raises(ValueError, match="remind"):
        reminders.timers.on("remind")(reminders.timers.fire)
    assert reminders.timers.kinds() == ["remind"]
