"""Sendings: claimed, sent outside any transaction, recorded under a fence; never lost, hardly ever twice (R29-R32)."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.integration.bus.backends import in_transaction
from tests.integration.bus.postbox import SUBJECT, Desk, Postbox, queue, row
from tests.ledger import count
from tocsin_bus.send_runner import SendRunner
from tocsin_bus.sending import LEASE, GiveUp, Outcome, Retry, Sending, Sent
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_runtime.clock import ManualClock, monotonic
from tocsin_runtime.database import Database


async def test_it_is_sent_once_and_its_acceptance_recorded(
    runner: SendRunner, postbox: Postbox, desk: Desk, open_uow: OpenUnitOfWork, database: Database
) -> None:
    assert await queue(open_uow)
    assert await runner.run_once() == 1
    assert await runner.run_once() == 0
    (sending,) = postbox.taken
    assert (sending.attempt, sending.may_repeat, sending.payload) == (1, False, {"text": "wake up"})
    assert desk.heard == [(SUBJECT, Sent("id-1"))]
    found = await row(database)
    assert (found["state"], found["provider_id"]) == ("sent", "id-1")


async def test_the_same_key_is_no_second_message(
    runner: SendRunner, postbox: Postbox, open_uow: OpenUnitOfWork
) -> None:
    assert await queue(open_uow, key="page-1")
    assert await queue(open_uow, key="page-1") is None
    await runner.run_once()
    assert await queue(open_uow, key="page-1") is None
    await runner.run_once()
    assert len(postbox.taken) == 1


async def test_no_transaction_is_open_while_the_provider_is_asked(
    runner: SendRunner, postbox: Postbox, open_uow: OpenUnitOfWork, database_url: str
) -> None:
    seen: list[int] = []

    async def look(sending: Sending) -> Outcome:
        seen.append(await in_transaction(database_url))
        return Sent()

    postbox.answers = [look]
    await queue(open_uow)
    await runner.run_once()
    assert seen == [0]


async def test_a_crash_between_acceptance_and_record_sends_again_under_the_same_key_and_says_so(
    runner: SendRunner, postbox: Postbox, desk: Desk, open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    accepted = asyncio.Event()

    async def accept_and_hang(sending: Sending) -> Outcome:
        accepted.set()
        await asyncio.Event().wait()
        return Sent()

    postbox.answers = [accept_and_hang]
    await queue(open_uow)
    crashing = asyncio.create_task(runner.run_once())
    await asyncio.wait_for(accepted.wait(), timeout=5)
    crashing.cancel()
    await asyncio.gather(crashing, return_exceptions=True)
    assert await runner.run_once() == 0, "the dead one's lease still lasts"
    clock.forward(LEASE)
    assert await runner.run_once() == 1
    first, second = postbox.taken
    assert second.idempotency_key == first.idempotency_key
    assert (second.may_repeat, second.attempt) == (True, 2)
    assert second.fence > first.fence
    assert desk.heard == [(SUBJECT, Sent("id-2"))]


async def test_the_record_of_one_who_was_late_is_fenced_off(
    postbox: Postbox, open_uow: OpenUnitOfWork, clock: ManualClock, database: Database
) -> None:
    late, quick = Desk(), Desk()
    claimed, go_on = asyncio.Event(), asyncio.Event()

    async def sleep_through_the_lease(sending: Sending) -> Outcome:
        claimed.set()
        await go_on.wait()
        return GiveUp("what the late one saw")

    postbox.answers = [sleep_through_the_lease]
    await queue(open_uow)
    sleeping = asyncio.create_task(SendRunner(postbox, late, open_uow).run_once())
    await asyncio.wait_for(claimed.wait(), timeout=5)
    clock.forward(LEASE)
    assert await SendRunner(postbox, quick, open_uow).run_once() == 1
    go_on.set()
    await sleeping
    assert late.heard == []
    assert quick.heard == [(SUBJECT, Sent("id-2"))]
    assert (await row(database))["state"] == "sent"


async def test_two_replicas_send_each_once(
    postbox: Postbox, desk: Desk, open_uow: OpenUnitOfWork, open_now: OpenUnitOfWork
) -> None:
    subjects = [uuid4() for _ in range(40)]
    for subject in subjects:
        await queue(open_uow, subject)
    runners = [SendRunner(postbox, desk, open_uow) for _ in range(2)]
    for _ in range(3):
        await asyncio.gather(*(one.run_once() for one in runners))
    assert sorted(sending.subject for sending in postbox.taken) == sorted(subjects)


async def test_a_refusal_for_now_is_tried_again_with_growing_pauses_for_ever(
    runner: SendRunner, postbox: Postbox, desk: Desk, open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    postbox.answers = [Retry("503")] * 4
    await queue(open_uow)
    pauses: list[int] = []
    since = 0
    for _ in range(60):
        if await runner.run_once():
            pauses.append(since)
            since = 0
        clock.forward(timedelta(seconds=1))
        since += 1
    # each pause is up to a fifth longer than 1, 2, 5 and 10 s
    assert [low <= p <= high for p, (low, high) in zip(pauses[1:], _PAUSES, strict=True)] == [True] * 4
    assert desk.heard[-1] == (SUBJECT, Sent("id-5"))
    assert [outcome for _, outcome in desk.heard[:-1]] == [Retry("503")] * 4


async def test_the_pause_that_the_provider_asks_for_is_kept(
    runner: SendRunner, postbox: Postbox, open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    postbox.answers = [Retry("429", after=30.0)]
    await queue(open_uow)
    await runner.run_once()
    clock.forward(timedelta(seconds=29.9))
    assert await runner.run_once() == 0
    clock.forward(timedelta(seconds=6.2))
    assert await runner.run_once() == 1
    assert not postbox.taken[1].may_repeat, "a refusal is no acceptance"


async def test_a_final_refusal_is_told_once_and_not_repeated(
    runner: SendRunner, postbox: Postbox, desk: Desk, open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    postbox.answers = [GiveUp("no such number")]
    await queue(open_uow)
    await runner.run_once()
    clock.forward(timedelta(hours=1))
    assert await runner.run_once() == 0
    assert desk.heard == [(SUBJECT, GiveUp("no such number"))]


async def test_a_client_that_raises_may_have_got_through(
    runner: SendRunner, postbox: Postbox, open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    async def reset(sending: Sending) -> Outcome:
        raise ConnectionResetError("peer went away")

    postbox.answers = [reset]
    await queue(open_uow)
    await runner.run_once()
    clock.forward(timedelta(seconds=2))
    await runner.run_once()
    assert postbox.taken[1].may_repeat


async def test_what_is_not_wanted_any_more_is_cancelled_unsent(
    runner: SendRunner, postbox: Postbox, desk: Desk, open_uow: OpenUnitOfWork, database: Database
) -> None:
    desk.unwanted.add(SUBJECT)
    await queue(open_uow)
    await runner.run_once()
    assert postbox.taken == []
    assert (await row(database))["state"] == "cancelled"


async def test_no_try_begins_after_its_time(
    runner: SendRunner,
    postbox: Postbox,
    open_uow: OpenUnitOfWork,
    clock: ManualClock,
    database: Database,
) -> None:
    postbox.answers = [Retry("503")]
    await queue(open_uow, not_after=clock.moment + timedelta(seconds=10))
    await runner.run_once()
    clock.forward(timedelta(seconds=11))
    await runner.run_once()
    assert len(postbox.taken) == 1
    assert (await row(database))["state"] == "cancelled"


async def test_sendings_of_one_order_go_one_after_another(
    runner: SendRunner, postbox: Postbox, open_uow: OpenUnitOfWork, clock: ManualClock
) -> None:
    edits, other = [uuid4() for _ in range(3)], uuid4()
    for edit in edits:
        await queue(open_uow, edit, order_key="slack:C1:17.4")
    await queue(open_uow, other, order_key="slack:C2:1.1")
    postbox.answers = [Retry("503"), Sent()]
    await runner.run_once()
    assert [s.subject for s in postbox.taken] == [edits[0], other]
    assert await runner.run_once() == 0, "the later edits wait for the first"
    for _ in range(3):
        clock.forward(timedelta(seconds=2))
        await runner.run_once()
    assert [s.subject for s in postbox.taken[2:]] == edits


async def test_a_provider_that_keeps_failing_is_left_alone_for_a_while_then_probed_once(
    runner: SendRunner, postbox: Postbox, open_uow: OpenUnitOfWork
) -> None:
    postbox.answers = [Retry("500", after=0.0)] * 5
    for _ in range(5):
        await queue(open_uow, uuid4())
    await runner.run_once()
    assert len(postbox.taken) == 5
    await queue(open_uow, uuid4())
    assert await runner.run_once() == 0, "the breaker is open"
    let_the_breakers_rest(runner)
    postbox.answers = [Retry("500", after=0.0)]
    assert await runner.run_once() == 1, "one probe"
    assert await runner.run_once() == 0
    let_the_breakers_rest(runner)
    assert await runner.run_once() == 1
    assert await runner.run_once() == 5, "it is closed again"


async def test_a_probe_that_the_database_cut_short_does_not_close_the_road_for_ever(
    runner: SendRunner, postbox: Postbox, open_uow: OpenUnitOfWork, database: Database
) -> None:
    postbox.answers = [Retry("500", after=0.0)] * 5
    for _ in range(5):
        await queue(open_uow, uuid4())
    await runner.run_once()
    let_the_breakers_rest(runner)
    async with database.begin() as conn:
        await conn.execute(text("ALTER TABLE sendings RENAME TO hidden"))
    with pytest.raises(Exception, match="sendings"):
        await runner.run_once()
    async with database.begin() as conn:
        await conn.execute(text("ALTER TABLE hidden RENAME TO sendings"))
    assert await runner.run_once() == 1


async def test_another_providers_queue_is_not_touched(
    postbox: Postbox, desk: Desk, open_uow: OpenUnitOfWork, database: Database
) -> None:
    await queue(open_uow)
    assert await SendRunner(Postbox("other"), desk, open_uow).run_once() == 0
    assert await count(database, "sendings", "state = 'pending'") == 1


def let_the_breakers_rest(runner: SendRunner) -> None:
    """As if their pause were over; breakers count monotonic seconds, which no test can move."""
    for destination in vars(vars(runner)["_destinations"])["_known"].values():
        destination.breaker.open_until = min(destination.breaker.open_until, monotonic())


_PAUSES = [(1, 2), (2, 3), (5, 6), (10, 13)]
