"""Sendings in trouble: a database that is away, a provider that hangs, a service that makes mistakes (R29-R32)."""

import asyncio
import random
from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from tests.integration.bus.backends import cut_off
from tests.integration.bus.postbox import SUBJECT, Desk, Postbox, queue, row
from tocsin_bus.send_runner import AT_ONCE, Flight, SendRunner
from tocsin_bus.sending import LEASE, Outcome, Sending, Sent, Tried
from tocsin_bus.unit_of_work import OpenUnitOfWork, UnitOfWork
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database
from tocsin_runtime.worker import Worker
from tocsin_testkit.waiting import eventually, pause


async def test_an_acceptance_is_written_down_even_when_the_database_was_away_for_a_moment(
    runner: SendRunner,
    postbox: Postbox,
    desk: Desk,
    open_uow: OpenUnitOfWork,
    database: Database,
    database_url: str,
) -> None:
    cuts = [1]
    tell = desk.recorded

    async def cut_once(tried: Sequence[Tried], uow: UnitOfWork) -> None:
        if cuts:
            cuts.pop()
            await cut_off(database_url, "sendings")
            await uow.conn.execute(text("SELECT 1"))
        await tell(tried, uow)

    desk.recorded = cut_once  # type: ignore[method-assign]
    await queue(open_uow)
    assert await runner.run_once() == 1
    assert (await row(database))["state"] == "sent"
    assert desk.heard == [(SUBJECT, Sent("id-1"))]
    assert len(postbox.taken) == 1


async def test_a_record_that_had_to_wait_too_long_for_a_lock_is_written_a_moment_later(
    runner: SendRunner, postbox: Postbox, desk: Desk, open_uow: OpenUnitOfWork, database: Database
) -> None:
    tell, delays = desk.recorded, [1]

    async def late_once(tried: Sequence[Tried], uow: UnitOfWork) -> None:
        if delays:
            delays.pop()
            await uow.conn.execute(text("SET LOCAL statement_timeout = '10ms'"))
            await uow.conn.execute(text("SELECT pg_sleep(1)"))
        await tell(tried, uow)

    desk.recorded = late_once  # type: ignore[method-assign]
    await queue(open_uow)
    assert await runner.run_once() == 1
    assert (await row(database))["state"] == "sent"
    assert len(postbox.taken) == 1


async def test_one_that_hangs_holds_up_none_that_come_later(
    runner: SendRunner, postbox: Postbox, desk: Desk, open_uow: OpenUnitOfWork
) -> None:
    answered = asyncio.Event()

    async def hang(sending: Sending) -> Outcome:
        await answered.wait()
        return Sent("late")

    postbox.answers = [hang]
    await queue(open_uow)
    await runner.turn()
    later = uuid4()
    await queue(open_uow, later)
    await runner.turn()
    await eventually(lambda: desk.heard == [(later, Sent("id-2"))], within=5)
    answered.set()
    await runner.finish()
    assert desk.heard[1:] == [(SUBJECT, Sent("late"))]


async def test_a_backlog_goes_out_without_a_pause(
    postbox: Postbox, desk: Desk, open_uow: OpenUnitOfWork
) -> None:
    async def take_a_moment(sending: Sending) -> Outcome:
        await pause(0.001 * random.randrange(10))
        return Sent()

    many = 20 * AT_ONCE
    postbox.answers = [take_a_moment] * many
    for _ in range(many):
        await queue(open_uow, uuid4())
    runner = SendRunner(postbox, desk, open_uow, on_free=lambda: worker.wake())
    worker = Worker("send.postbox", runner.turn, every=60, finish=runner.finish)
    working = asyncio.create_task(worker.run())
    await eventually(lambda: len(desk.heard) == many, within=15)
    worker.stop()
    await working


async def test_the_end_of_one_that_others_wait_for_is_told(
    postbox: Postbox, desk: Desk, open_uow: OpenUnitOfWork
) -> None:
    freed: list[int] = []
    runner = SendRunner(postbox, desk, open_uow, on_free=lambda: freed.append(1))
    await queue(open_uow, order_key="slack:C1:17.4")
    await queue(open_uow, uuid4())
    await runner.turn()
    await runner.finish()
    assert freed == [1]


async def test_what_was_accepted_is_not_sent_for_ever_when_the_service_fails_to_take_that_in(
    runner: SendRunner,
    postbox: Postbox,
    desk: Desk,
    open_uow: OpenUnitOfWork,
    clock: ManualClock,
    database: Database,
) -> None:
    async def fail(tried: Sequence[Tried], uow: UnitOfWork) -> None:
        raise KeyError("a mistake in the code")

    desk.recorded = fail  # type: ignore[method-assign]
    await queue(open_uow)
    assert await runner.run_once() == 1
    assert (await row(database))["state"] == "sent"
    clock.forward(2 * LEASE)
    assert await runner.run_once() == 0


async def test_a_question_that_fails_stops_neither_the_queue_nor_the_message(
    runner: SendRunner, postbox: Postbox, desk: Desk, open_uow: OpenUnitOfWork
) -> None:
    ask, others = desk.still_wanted, [uuid4(), uuid4()]

    async def fail(sendings: Sequence[Sending], uow: UnitOfWork) -> Collection[UUID]:
        if any(sending.subject == SUBJECT for sending in sendings):
            raise KeyError("a mistake in the code")
        return await ask(sendings, uow)

    desk.still_wanted = fail  # type: ignore[method-assign]
    for subject in (others[0], SUBJECT, others[1]):
        await queue(open_uow, subject)
    while await runner.run_once():
        pass
    assert {sending.subject for sending in postbox.taken} == {SUBJECT, *others}


async def test_one_that_was_held_up_after_its_claim_is_asked_about_again(
    runner: SendRunner,
    postbox: Postbox,
    desk: Desk,
    open_uow: OpenUnitOfWork,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tocsin_bus.send_runner.FRESH", timedelta(0))
    asked: list[Sending] = []

    async def only_once(sendings: Sequence[Sending], uow: UnitOfWork) -> Collection[UUID]:
        asked.extend(sendings)
        return [sending.id for sending in sendings if len(asked) == 1]

    desk.still_wanted = only_once  # type: ignore[method-assign]
    await queue(open_uow)
    await runner.run_once()
    assert (len(asked), postbox.taken) == (2, [])
    assert (await row(database))["state"] == "cancelled"


async def test_one_that_was_held_up_is_sent_where_nobody_can_be_asked_again(
    runner: SendRunner,
    postbox: Postbox,
    desk: Desk,
    open_uow: OpenUnitOfWork,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tocsin_bus.send_runner.FRESH", timedelta(0))
    asked: list[Sending] = []

    async def fail_later(sendings: Sequence[Sending], uow: UnitOfWork) -> Collection[UUID]:
        asked.extend(sendings)
        if len(asked) > 1:
            raise TimeoutError
        return [sending.id for sending in sendings]

    desk.still_wanted = fail_later  # type: ignore[method-assign]
    await queue(open_uow)
    await runner.run_once()
    assert len(postbox.taken) == 1
    assert (await row(database))["state"] == "sent"


async def test_one_that_another_took_over_while_it_was_held_up_is_left_to_it(
    runner: SendRunner,
    postbox: Postbox,
    desk: Desk,
    open_uow: OpenUnitOfWork,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tocsin_bus.send_runner.FRESH", timedelta(0))
    others, fly = Postbox(), runner._fly

    async def after_another(flight: Flight, *, since: float) -> None:
        monkeypatch.setattr(runner, "_fly", fly)
        clock.forward(LEASE)
        await SendRunner(others, desk, open_uow).run_once()
        await fly(flight, since=since)

    monkeypatch.setattr(runner, "_fly", after_another)
    await queue(open_uow)
    await runner.run_once()
    assert (len(others.taken), postbox.taken) == (1, [])
