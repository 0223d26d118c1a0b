"""One provider, many places: one that hangs or fails holds up nothing that goes elsewhere (R32, F28)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.integration.bus.postbox import Desk, queue
from tests.integration.bus.test_sendings import let_the_breakers_rest
from tocsin_bus.breaker import FAILURES
from tocsin_bus.send_runner import TO_EACH, SendRunner
from tocsin_bus.sending import Outcome, Retry, Sending, Sent, Tried
from tocsin_bus.unit_of_work import OpenUnitOfWork, UnitOfWork
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.worker import Worker
from tocsin_testkit.waiting import eventually

MOMENT = timedelta(seconds=1, milliseconds=10)


@dataclass
class Town:
    """A provider of many places. `hanging` never answer, `broken` say no."""

    name: str = "postbox"
    one_place: bool = False
    hanging: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    taken: list[Sending] = field(default_factory=list)
    under_way: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, sending: Sending) -> Outcome:
        place = sending.destination
        self.taken.append(sending)
        self.under_way[place] += 1
        self.most[place] = max(self.most[place], self.under_way[place])
        if place in self.hanging:
            await self.released.wait()
        self.under_way[place] -= 1
        return Retry("503 no") if place in self.broken else Sent()

    def to(self, place: str) -> int:
        """How many it was given for this place."""
        return sum(1 for sending in self.taken if sending.destination == place)


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def runner(town: Town, desk: Desk, open_uow: OpenUnitOfWork) -> SendRunner:
    return SendRunner(town, desk, open_uow)


@pytest.fixture
def put(open_uow: OpenUnitOfWork) -> Callable[[str], Awaitable[UUID]]:
    """Queues one for a place."""

    async def queue_one(place: str) -> UUID:
        subject = uuid4()
        await queue(open_uow, subject, destination=place)
        return subject

    return queue_one


Put = Callable[[str], Awaitable[UUID]]


@asynccontextmanager
async def working(town: Town, desk: Desk, open_uow: OpenUnitOfWork) -> AsyncIterator[Worker]:
    """A worker that runs by itself, woken as in a service."""
    runner = SendRunner(town, desk, open_uow, on_free=lambda: worker.wake())
    worker = Worker("send.postbox", runner.turn, every=60, finish=runner.finish)
    task = asyncio.create_task(worker.run())
    yield worker
    worker.stop()
    town.released.set()
    await task


async def test_a_place_that_hangs_holds_up_nothing_that_goes_elsewhere(
    town: Town, desk: Desk, put: Put, open_uow: OpenUnitOfWork
) -> None:
    town.hanging = {"a:443"}
    for _ in range(60):
        await put("a:443")
        await put("b:443")
    async with working(town, desk, open_uow):
        await eventually(lambda: town.to("b:443") == 60, within=5)
        assert town.to("a:443") == TO_EACH
    assert town.most["a:443"] == TO_EACH


async def test_what_lies_behind_a_backlog_to_one_place_is_found(
    town: Town, desk: Desk, put: Put, open_uow: OpenUnitOfWork
) -> None:
    town.hanging = {"a:443"}
    for _ in range(300):
        await put("a:443")
    await put("b:443")
    async with working(town, desk, open_uow):
        await eventually(lambda: town.to("b:443") == 1, within=5)


async def test_a_backlog_to_one_place_goes_out_without_a_pause(
    town: Town, desk: Desk, put: Put, open_uow: OpenUnitOfWork
) -> None:
    for _ in range(40 * TO_EACH):
        await put("a:443")
    async with working(town, desk, open_uow):
        await eventually(lambda: len(desk.heard) == 40 * TO_EACH, within=15)


class Slow(Desk):
    """Takes its time to write down what went out."""

    def __init__(self) -> None:
        super().__init__()
        self.may = asyncio.Event()

    async def recorded(self, tried: Sequence[Tried], uow: UnitOfWork) -> None:
        await self.may.wait()
        await super().recorded(tried, uow)


async def test_a_place_that_has_answered_is_sent_the_next_while_that_is_written_down(
    town: Town, put: Put, open_uow: OpenUnitOfWork
) -> None:
    desk = Slow()
    for _ in range(2 * TO_EACH):
        await put("a:443")
    async with working(town, desk, open_uow):
        await eventually(lambda: town.to("a:443") == 2 * TO_EACH, within=2)
        assert not desk.heard
        desk.may.set()
        await eventually(lambda: len(desk.heard) == 2 * TO_EACH, within=5)
    assert town.most["a:443"] <= TO_EACH


async def test_a_full_place_is_not_asked_for_again_and_again(
    town: Town, runner: SendRunner, put: Put
) -> None:
    town.hanging = {"a:443"}
    for _ in range(2 * TO_EACH):
        await put("a:443")
    assert await runner.turn() == 0
    assert await runner.turn() == 0
    town.released.set()
    await runner.finish()


async def test_a_place_that_fails_is_left_alone_and_others_are_not(
    town: Town, runner: SendRunner, put: Put, clock: ManualClock
) -> None:
    town.broken = {"a:443"}
    for _ in range(TO_EACH + 1):
        await put("a:443")
    assert await runner.run_once() == TO_EACH
    await put("b:443")
    assert await runner.run_once() == 1, "the one to the other place"
    let_the_breakers_rest(runner)
    assert await runner.run_once() == 1, "one to try it"
    town.broken.clear()
    let_the_breakers_rest(runner)
    clock.forward(timedelta(minutes=1))
    assert await runner.run_once() == 1
    assert await runner.run_once() == TO_EACH, "it answers again"


async def test_what_waits_for_a_place_that_fails_is_told_once_and_goes_out_when_that_is_back(
    town: Town, runner: SendRunner, desk: Desk, put: Put, clock: ManualClock
) -> None:
    town.broken = {"a:443"}
    waiting = [await put("a:443") for _ in range(3 * FAILURES)]
    await runner.run_once()
    elsewhere = await put("b:443")
    assert desk.held_up == []
    clock.forward(3 * MOMENT)
    await runner.run_once()
    assert sorted(subject for subject, _ in desk.held_up) == sorted(waiting)
    assert {reason for _, reason in desk.held_up} == {"503 no"}
    await runner.run_once()
    assert len(desk.held_up) == len(waiting), "each is told of once"
    town.broken.clear()
    let_the_breakers_rest(runner)
    for _ in range(5):
        await runner.run_once()
    accepted = [subject for subject, outcome in desk.heard if isinstance(outcome, Sent)]
    assert sorted(accepted) == sorted([*waiting, elsewhere])


async def test_what_another_replica_may_still_take_is_not_told_of(
    town: Town, runner: SendRunner, desk: Desk, put: Put, clock: ManualClock
) -> None:
    town.broken = {"a:443"}
    for _ in range(FAILURES):
        await put("a:443")
    await runner.run_once()
    clock.forward(timedelta(minutes=1))
    await runner.run_once()
    assert len(desk.held_up) == FAILURES
    await put("a:443")
    await runner.run_once()
    assert len(desk.held_up) == FAILURES
    clock.forward(MOMENT)
    await runner.run_once()
    assert len(desk.held_up) == FAILURES + 1


async def test_a_service_that_cannot_take_in_what_is_held_up_is_not_told_for_ever(
    town: Town, runner: SendRunner, desk: Desk, put: Put, clock: ManualClock
) -> None:
    told: list[UUID] = []

    async def fail(sending: Sending, reason: str, uow: UnitOfWork) -> None:
        told.append(sending.subject)
        raise KeyError("a mistake in the code")

    desk.stalled = fail  # type: ignore[method-assign]
    town.broken = {"a:443"}
    waiting = [await put("a:443") for _ in range(FAILURES)]
    await runner.run_once()
    clock.forward(timedelta(minutes=1))
    for _ in range(3):
        await runner.run_once()
    assert sorted(told) == sorted(waiting)


async def test_two_replicas_send_each_once(
    town: Town, desk: Desk, put: Put, open_uow: OpenUnitOfWork
) -> None:
    subjects = [await put(place) for place in ("a:443", "b:443") for _ in range(50)]
    async with working(town, desk, open_uow), working(town, desk, open_uow):
        await eventually(lambda: len(desk.heard) == len(subjects), within=10)
    assert sorted(sending.subject for sending in town.taken) == sorted(subjects)
