"""Sendings that their own transaction has claimed, because this process has room for them."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.integration.bus.postbox import Desk, Postbox, row
from tests.ledger import SCHEMA
from tocsin_bus.berths import Berth
from tocsin_bus.send_runner import SendRunner
from tocsin_bus.sending import LEASE, NewSending, Sending, Sent, queue_sendings
from tocsin_bus.sending_rows import FRESH
from tocsin_bus.unit_of_work import OpenUnitOfWork, unit_of_work_opener
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database
from tocsin_testkit.waiting import eventually, pause

ONE = UUID("0195d2f0-0000-7000-8000-000000000001")


class _Failed(Exception):
    """What goes wrong before the commit."""


class _House:
    """A process with one runner, whose workers it wakes."""

    def __init__(self, database: Database, clock: ManualClock, postbox: Postbox, desk: Desk) -> None:
        self.woken: list[str] = []
        self.dies = False
        self.open_uow: OpenUnitOfWork = unit_of_work_opener(
            database, service=SCHEMA, clock=clock, on_wake=self.woken.append, berths=self._berth
        )
        self.runner = SendRunner(postbox, desk, self.open_uow, on_free=lambda: self.woken.append("free"))

    def _berth(self, _provider: str, place: str) -> Berth | None:
        return _Lost() if self.dies else self.runner.berth(place)

    async def queue(
        self, *subjects: UUID, at_once: bool = True, fails: bool = False, takes: float = 0
    ) -> None:
        async with self.open_uow() as uow:
            new = [NewSending("postbox", one, {"to": str(one)}, str(one), uow.cause) for one in subjects]
            queue_sendings(uow, new, at_once=at_once)
            await pause(takes)
            if fails:
                raise _Failed


@pytest.fixture
async def house(database: Database, clock: ManualClock, postbox: Postbox, desk: Desk) -> _House:
    made = _House(database, clock, postbox, desk)
    await made.runner.turn()
    return made


async def test_it_leaves_right_after_the_commit_without_a_claim(
    house: _House, postbox: Postbox, desk: Desk, database: Database
) -> None:
    await house.queue(ONE)
    assert "send.postbox" not in house.woken
    await eventually(lambda: desk.heard, within=5)
    [sending] = postbox.taken
    assert (sending.subject, sending.attempt, sending.fence, sending.may_repeat) == (ONE, 1, 1, False)
    assert sending.payload == {"to": str(ONE)}
    assert desk.heard == [(ONE, Sent("id-1"))]
    kept = await row(database)
    assert (kept["state"], kept["attempts"], kept["provider_id"]) == ("sent", 1, "id-1")
    assert await house.runner.run_once() == 0


async def test_what_is_rolled_back_is_not_sent_and_leaves_its_room(
    house: _House, postbox: Postbox, desk: Desk
) -> None:
    for _ in range(20):  # more than there is room for
        with suppress(_Failed):
            await house.queue(ONE, fails=True)
    await house.queue(ONE)
    await eventually(lambda: desk.heard, within=5)
    assert [sending.subject for sending in postbox.taken] == [ONE]


async def test_those_for_which_there_is_no_room_wait_to_be_claimed(
    house: _House, postbox: Postbox, desk: Desk
) -> None:
    go = asyncio.Event()

    async def slow(_sending: Sending) -> Sent:
        await go.wait()
        return Sent("late")

    postbox.answers += [slow] * 16
    subjects = [uuid4() for _ in range(20)]
    await house.queue(*subjects)
    assert "send.postbox" in house.woken
    await eventually(lambda: len(postbox.taken) == 16, within=5)
    go.set()
    await eventually(lambda: len(desk.heard) == 16, within=5)
    assert "free" in house.woken  # for those four
    assert await house.runner.run_once() == 4
    assert {subject for subject, _ in desk.heard} == set(subjects)
    assert len(postbox.taken) == 20


async def test_one_whose_process_died_before_it_left_is_sent_by_another(
    house: _House,
    postbox: Postbox,
    desk: Desk,
    clock: ManualClock,
    open_uow: OpenUnitOfWork,
    database: Database,
) -> None:
    house.dies = True
    await house.queue(ONE)
    heir = SendRunner(postbox, desk, open_uow)
    assert await heir.run_once() == 0
    clock.forward(LEASE + timedelta(seconds=1))
    assert await heir.run_once() == 1
    assert [(sending.attempt, sending.may_repeat) for sending in postbox.taken] == [(2, True)]


async def test_one_whose_commit_took_long_is_asked_about_again(
    house: _House, postbox: Postbox, desk: Desk, database: Database
) -> None:
    """Whoever answered meanwhile waited for fresh claims only (R27)."""
    desk.unwanted.add(ONE)
    await house.queue(ONE, takes=FRESH.total_seconds() * 1.2)
    await house.runner.finish()
    assert postbox.taken == []
    assert (await row(database))["state"] == "cancelled"


async def test_what_waits_is_not_overtaken(house: _House, postbox: Postbox) -> None:
    go = asyncio.Event()

    async def slow(_sending: Sending) -> Sent:
        await go.wait()
        return Sent("late")

    postbox.answers += [slow] * 16
    first, second = [uuid4() for _ in range(20)], uuid4()
    await house.queue(*first)
    go.set()
    await eventually(lambda: "free" in house.woken, within=5)
    await house.queue(second)
    assert await house.runner.run_once() == 5
    assert [sending.subject for sending in postbox.taken][-5:-1] == first[-4:]


async def test_whoever_ends_waits_for_what_is_about_to_be_committed(
    house: _House, desk: Desk, database: Database
) -> None:
    queueing = asyncio.create_task(house.queue(ONE, takes=0.1))
    await eventually(lambda: house.runner._destinations.under_way, within=5, every=0.01)
    await house.runner.finish()
    await queueing
    assert desk.heard == [(ONE, Sent("id-1"))]
    assert (await row(database))["state"] == "sent"


@pytest.mark.parametrize("ends", [True, False])
async def test_a_runner_that_ends_or_has_not_begun_takes_none(
    house: _House, postbox: Postbox, desk: Desk, ends: bool
) -> None:
    await house.runner.finish()
    if not ends:
        house.runner = SendRunner(postbox, desk, house.open_uow)
    await house.queue(ONE)
    assert "send.postbox" in house.woken
    assert postbox.taken == []


async def test_nobody_is_passed_over(house: _House, postbox: Postbox, desk: Desk) -> None:
    """What may still be unwanted, or waits for others, is claimed as ever."""
    await house.queue(ONE, at_once=False)
    assert "send.postbox" in house.woken
    assert await house.runner.run_once() == 1


class _Lost:
    """The berth of a process that ends with the commit."""

    def use(self, _sending: Sending, *, since: float) -> None:
        """Too late."""

    def give_back(self) -> None:
        """Nobody is there."""
