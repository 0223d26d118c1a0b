"""What waits as a row comes back with the cause that it had: the story, the event that led to it, and the trace."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.integration.bus.postbox import Desk, Postbox
from tests.ledger import SCHEMA
from tocsin_bus.send_runner import SendRunner
from tocsin_bus.sending import GiveUp, NewSending, Outcome, Retry, Sent, queue_sending, queue_sendings
from tocsin_bus.sending_rows import NOBODY_TAKES_IT
from tocsin_bus.stalled import StalledTeller
from tocsin_bus.timers import Timer, TimerRunner, Timers
from tocsin_bus.unit_of_work import Cause, OpenUnitOfWork, UnitOfWork, unit_of_work_opener
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database
from tocsin_testkit.waiting import eventually

TRACED = Cause(uuid4(), uuid4(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
UNTRACED = Cause(uuid4())
CAUSES = (TRACED, UNTRACED)


async def queue_both(open_uow: OpenUnitOfWork, *, destination: str = "", at_once: bool = False) -> None:
    """A message of each cause."""
    async with open_uow() as uow:
        new = [
            NewSending("postbox", uuid4(), {}, str(number), cause, destination=destination)
            for number, cause in enumerate(CAUSES)
        ]
        queue_sendings(uow, new, at_once=at_once)


async def test_a_timer_fires_for_the_cause_that_it_was_set_for(
    open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    timers, heard = Timers(), dict[UUID, Cause]()

    @timers.on("remind")
    async def remind(timer: Timer, uow: UnitOfWork) -> None:
        heard[timer.subject] = uow.cause

    subjects = [uuid4() for _ in CAUSES]
    async with open_uow() as uow:
        for subject, uow.cause in zip(subjects, CAUSES, strict=True):
            uow.schedule("remind", subject, uow.now + timedelta(minutes=5))
    clock.forward(timedelta(minutes=5))
    assert await TimerRunner(timers, open_uow).run_once() == 2
    assert heard == dict(zip(subjects, CAUSES, strict=True))


@pytest.mark.parametrize("outcome", [Sent(), Retry("busy"), GiveUp("no such person")])
async def test_what_became_of_a_sending_is_told_for_the_cause_that_it_was_queued_for(
    runner: SendRunner, postbox: Postbox, desk: Desk, open_uow: OpenUnitOfWork, outcome: Outcome
) -> None:
    postbox.answers.append(outcome)
    async with open_uow(cause=TRACED) as uow:
        await queue_sending(uow, provider="postbox", subject=uuid4(), payload={}, idempotency_key="1")
    assert await runner.run_once() == 1
    assert postbox.taken[0].cause == TRACED
    assert desk.causes == [TRACED]


async def test_sendings_of_one_transaction_have_each_its_own_cause(
    runner: SendRunner, postbox: Postbox, open_uow: OpenUnitOfWork
) -> None:
    await queue_both(open_uow)
    assert await runner.run_once() == 2
    assert {sending.idempotency_key: sending.cause for sending in postbox.taken} == {
        "0": TRACED,
        "1": UNTRACED,
    }


async def test_so_has_one_that_leaves_with_the_commit_which_made_it(
    database: Database, clock: ManualClock, postbox: Postbox, desk: Desk
) -> None:
    open_uow = unit_of_work_opener(
        database,
        service=SCHEMA,
        clock=clock,
        on_wake=lambda name: None,
        berths=lambda _, place: runner.berth(place),
    )
    runner = SendRunner(postbox, desk, open_uow)
    await runner.turn()
    await queue_both(open_uow, at_once=True)
    await eventually(lambda: len(desk.heard) == 2, within=10)
    assert [sending.cause for sending in postbox.taken] == [TRACED, UNTRACED]


async def test_that_one_waits_for_its_place_is_told_for_its_cause(
    desk: Desk, open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    await queue_both(open_uow, destination="https://a.test")
    clock.forward(2 * NOBODY_TAKES_IT)
    teller = StalledTeller("postbox", desk, open_uow)
    teller.tell({"https://a.test": "503 no"})
    await teller.told()
    assert len(desk.held_up) == 2
    assert set(desk.causes) == set(CAUSES)
