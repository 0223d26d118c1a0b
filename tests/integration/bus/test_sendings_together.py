"""What is sent while a record is being written is recorded together next, and each for itself where that goes wrong."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import text

from tests.integration.bus.postbox import Desk, Postbox, queue
from tests.ledger import count
from tocsin_bus.destinations import Offer
from tocsin_bus.recorder import TOGETHER_WITHIN
from tocsin_bus.send_runner import SendRunner
from tocsin_bus.sending import LEASE, Outcome, Sending, Sent, Tried
from tocsin_bus.sending_rows import claim, record
from tocsin_bus.unit_of_work import OpenUnitOfWork, UnitOfWork
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database
from tocsin_testkit.waiting import eventually


class Together(Desk):
    """Holds the first record until all others wait for theirs, so that those come together; notes who came."""

    def __init__(self, runner: SendRunner, *, others: int) -> None:
        super().__init__()
        self.came: list[list[UUID]] = []
        self.first = asyncio.Event()
        self._runner = runner
        self._others = others
        runner._recorder._outgoing = self

    async def recorded(self, tried: Sequence[Tried], uow: UnitOfWork) -> None:
        self.came.append([one.sending.subject for one in tried])
        if len(self.came) == 1:
            self.first.set()
            await eventually(lambda: len(self._runner._recorder._waiting) == self._others, within=5)
        await super().recorded(tried, uow)

    async def after_the_first(self, sending: Sending) -> Outcome:
        await self.first.wait()
        return Sent()


async def test_what_is_sent_while_a_record_is_being_written_joins_the_next(
    runner: SendRunner, postbox: Postbox, open_uow: OpenUnitOfWork, database: Database
) -> None:
    desk, subjects = Together(runner, others=3), [uuid4() for _ in range(4)]
    postbox.answers = [Sent(), *[desk.after_the_first] * 3]
    for subject in subjects:
        await queue(open_uow, subject)
    assert await runner.run_once() == 4
    first, others = desk.came
    assert (len(first), len(others)) == (1, 3)
    assert sorted(subject for subject, _ in desk.heard) == sorted(subjects)
    assert await count(database, "sendings", "state = 'sent'") == 4


async def test_one_that_the_service_cannot_take_in_is_told_alone_and_spoils_it_for_no_other(
    runner: SendRunner, postbox: Postbox, open_uow: OpenUnitOfWork, database: Database
) -> None:
    subjects = [uuid4() for _ in range(4)]

    class Mistaken(Together):
        async def recorded(self, tried: Sequence[Tried], uow: UnitOfWork) -> None:
            await super().recorded(tried, uow)
            if any(one.sending.subject == subjects[2] for one in tried):
                self.heard = [one for one in self.heard if one[0] not in {t.sending.subject for t in tried}]
                raise KeyError("a mistake in the code")

    desk = Mistaken(runner, others=3)
    postbox.answers = [Sent(), *[desk.after_the_first] * 3]
    for subject in subjects:
        await queue(open_uow, subject)
    assert await runner.run_once() == 4
    told = [subject for subject, _ in desk.heard]
    assert sorted(told) == sorted(subject for subject in subjects if subject != subjects[2])
    assert await count(database, "sendings", "state = 'sent'") == 4, "nobody is sent it for ever"


async def test_of_those_recorded_together_one_that_another_took_over_is_left_to_it(
    runner: SendRunner,
    postbox: Postbox,
    open_uow: OpenUnitOfWork,
    clock: ManualClock,
    database: Database,
) -> None:
    desk, subjects, others = Together(runner, others=2), [uuid4() for _ in range(3)], Postbox()

    async def lose_one(sending: Sending) -> Outcome:
        await desk.first.wait()
        async with open_uow() as uow:
            late = text("UPDATE sendings SET next_try_at = :due WHERE subject = :subject")
            await uow.conn.execute(late, {"due": clock.moment - LEASE, "subject": subjects[2]})
        assert await SendRunner(others, Desk(), open_uow).run_once() == 1
        return Sent("too late")

    postbox.answers = [Sent(), desk.after_the_first, lose_one]
    for subject in subjects:
        await queue(open_uow, subject)
    await runner.run_once()
    assert sorted(subject for subject, _ in desk.heard) == sorted(subjects[:2])
    assert [sending.subject for sending in others.taken] == [subjects[2]]
    assert await count(database, "sendings", "state = 'sent' AND provider_id = 'too late'") == 0


async def test_a_try_that_was_overtaken_does_not_count_beside_the_one_that_overtook_it(
    runner: SendRunner, open_uow: OpenUnitOfWork, clock: ManualClock, database: Database
) -> None:
    await queue(open_uow)
    claims: list[Sending] = []
    for _ in range(2):
        async with open_uow() as uow:
            haul = await claim(uow, Offer(limit=1, each=1), provider="postbox")
        claims += [one.sending for one in haul.claimed]
        clock.forward(2 * LEASE)
    tried = [Tried(sending, Sent(f"try {sending.fence}"), pause=0.0) for sending in claims]
    async with open_uow() as uow:
        assert await record(uow, tried) == tried[1:]
    assert await count(database, "sendings", "provider_id = 'try 2'") == 1


async def test_a_record_that_hangs_holds_up_nobody_for_long(
    runner: SendRunner, postbox: Postbox, open_uow: OpenUnitOfWork, database: Database
) -> None:
    class Hanging(Together):
        async def recorded(self, tried: Sequence[Tried], uow: UnitOfWork) -> None:
            await super().recorded(tried, uow)
            if len(tried) > 1:
                self.heard = self.heard[: -len(tried)]
                await asyncio.Event().wait()

    desk, subjects = Hanging(runner, others=3), [uuid4() for _ in range(4)]
    postbox.answers = [Sent(), *[desk.after_the_first] * 3]
    for subject in subjects:
        await queue(open_uow, subject)
    async with asyncio.timeout(TOGETHER_WITHIN + 4):
        assert await runner.run_once() == 4
    assert sorted(subject for subject, _ in desk.heard) == sorted(subjects)
    assert await count(database, "sendings", "state = 'sent'") == 4
