"""An answer around the very moment at which a step is due: once it is given, no page begins (R27, F36, B10)."""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from tests.integration.handed_over import handed_over
from tests.integration.paging.stage import MINUTE, Stage
from tocsin_bus.send_runner import Flight, SendRunner
from tocsin_bus.sending import Outcome, Sending, Sent
from tocsin_bus.sending_rows import FRESH, renew
from tocsin_bus.timers import TimerRunner
from tocsin_events.incidents import Incident, IncidentAcknowledged, IncidentResolved
from tocsin_paging.consumers import subscriptions_of
from tocsin_paging.domain.escalation import Reason, State
from tocsin_paging.domain.page import PageState
from tocsin_paging.usecases.acknowledge import Person, acknowledge_by_link, acknowledge_incident
from tocsin_paging.workers.escalate import timers_of
from tocsin_paging.workers.send import OutgoingPages
from tocsin_runtime.clock import monotonic
from tocsin_runtime.ids import new_id
from tocsin_testkit.waiting import eventually, pause

ROUNDS, JITTER = 30, 0.02
BO = Person(new_id(), "Bo")


@dataclass
class Slow:
    """A provider that takes its time, until it is told to go on."""

    name: str = "email"
    one_place: bool = True
    claimed: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, sending: Sending) -> Outcome:
        self.claimed.set()
        await self.go_on.wait()
        return Sent()


@dataclass
class Stopwatch:
    """A provider that notes when each send begins."""

    name: str = "email"
    one_place: bool = True
    began: list[float] = field(default_factory=list)

    async def send(self, sending: Sending) -> Outcome:
        self.began.append(monotonic())
        return Sent()


async def by_api(stage: Stage, incident: Incident, token: str) -> Reason:
    async with stage.open_uow() as uow:
        answered = await acknowledge_incident(uow, incident.incident_id, BO, via="api", pager=stage.pager)
    return answered.reason


async def by_link(stage: Stage, incident: Incident, token: str) -> Reason:
    async with stage.open_uow() as uow:
        return (await acknowledge_by_link(uow, token, pager=stage.pager)).reason


async def from_incidents(stage: Stage, incident: Incident, token: str) -> Reason:
    await stage.acknowledged(incident, BO.id)
    return Reason.ACKNOWLEDGED


async def ahead_of_the_bus(stage: Stage, incident: Incident, token: str) -> Reason:
    event = answer_to(incident)
    handler = subscriptions_of(stage.pager).ahead_for(event)
    assert handler is not None
    async with stage.open_uow() as uow:
        await handler(event, uow)
    return Reason.ACKNOWLEDGED


async def among_others(stage: Stage, incident: Incident, token: str) -> Reason:
    events = [answer_to(one) for one in (stage.incident(), incident)]
    await handed_over(stage.open_uow, subscriptions_of(stage.pager), *events)
    return Reason.ACKNOWLEDGED


def answer_to(incident: Incident) -> IncidentAcknowledged:
    return IncidentAcknowledged(incident=incident, actor_id=BO.id, actor_name=BO.name)


@pytest.mark.parametrize("answer", [by_api, by_link, from_incidents, ahead_of_the_bus, among_others])
async def test_no_page_begins_after_the_answer(stage: Stage, answer: object) -> None:
    assert callable(answer)
    await stage.policy([await stage.person("Ana")], [await stage.person("Cy")])
    chance = random.Random(36)
    for _ in range(ROUNDS):
        incident = await stage.open()
        watch = Stopwatch()
        await stage.send(watch)
        [first] = await stage.pages(incident)
        stage.clock.forward(5 * MINUTE)
        timers = TimerRunner(timers_of(stage.pager), stage.open_uow)

        async def escalate(delay: float, *, timers: TimerRunner = timers, watch: Stopwatch = watch) -> None:
            await pause(delay)
            await timers.run_once()
            await stage.send(watch)

        async def respond(delay: float, token: str, *, incident: Incident = incident) -> float:
            await pause(delay)
            assert await answer(stage, incident, token) == Reason.ACKNOWLEDGED
            return monotonic()

        token = stage.pager.links.ack_token(first.id)
        pauses = chance.uniform(0, JITTER), chance.uniform(0, JITTER)
        _, answered = await asyncio.gather(escalate(pauses[0]), respond(pauses[1], token))
        made = len(await stage.pages(incident))
        assert all(began <= answered for began in watch.began)
        await timers.run_once()
        await stage.send(watch)
        assert len(await stage.pages(incident)) == made
        assert (await stage.case(incident)).escalation.state == State.ACKNOWLEDGED
        over = incident.model_copy(update={"version": 2})
        await stage.hear(IncidentResolved(incident=over, reason="by_hand"))


async def test_an_answer_waits_for_a_page_that_was_just_claimed(stage: Stage) -> None:
    await stage.policy([await stage.person("Ana")])
    incident, slow = await stage.open(), Slow()
    sending = asyncio.create_task(stage.send(slow))
    await slow.claimed.wait()
    answering = asyncio.create_task(by_api(stage, incident, ""))
    await pause(0.05)
    assert not answering.done()
    slow.go_on.set()
    assert await answering == Reason.ACKNOWLEDGED
    [page] = await stage.pages(incident)
    assert page.state == PageState.SENT
    assert await sending == 1


@pytest.mark.parametrize("over", [False, True])
async def test_answers_that_come_together_wait_once_for_pages_that_were_just_claimed(
    stage: Stage, over: bool
) -> None:
    """One that hangs is waited for as long as it may begin; those that are sent meanwhile, as long as that takes."""
    await stage.policy([await stage.person("Ana")])
    incidents, slow = [await stage.open() for _ in range(8)], Slow()
    sending = asyncio.create_task(stage.send(slow))
    await slow.claimed.wait()
    asked, fresh = monotonic(), FRESH.total_seconds()
    answers = [answer_to(incident) for incident in incidents]
    batch = asyncio.create_task(handed_over(stage.open_uow, subscriptions_of(stage.pager), *answers))
    await pause(0.1)
    assert not batch.done()
    if over:
        slow.go_on.set()
    await batch
    took = monotonic() - asked
    assert took < 4 * fresh
    assert over or took >= fresh
    slow.go_on.set()
    assert await sending == 8
    assert {(await stage.case(incident)).escalation.state for incident in incidents} == {State.ACKNOWLEDGED}


async def test_an_answer_does_not_wait_for_a_page_that_has_long_begun(stage: Stage) -> None:
    await stage.policy([await stage.person("Ana")])
    incident, slow = await stage.open(), Slow()
    runner = SendRunner(slow, OutgoingPages(stage.pager), stage.open_uow)
    sending = asyncio.create_task(runner.run_once())
    await slow.claimed.wait()
    [flying] = runner._flights.values()
    stage.clock.forward(timedelta(seconds=2))
    async with stage.open_uow() as uow:
        await renew(uow, [flying.sending])
    asked = monotonic()
    assert await by_api(stage, incident, "") == Reason.ACKNOWLEDGED
    assert monotonic() - asked < FRESH.total_seconds()
    slow.go_on.set()
    assert await sending == 1


async def test_a_page_that_was_held_up_after_its_claim_does_not_begin_after_the_answer(stage: Stage) -> None:
    """The loop of the sender stands still between claim and send, longer than the answer waits."""
    await stage.policy([await stage.person("Ana")])
    incident, watch = await stage.open(), Stopwatch()

    class HeldUp(SendRunner):
        async def _fly(self, flight: Flight, *, since: float) -> None:
            await answered.wait()
            await super()._fly(flight, since=since)

    answered = asyncio.Event()
    runner = HeldUp(watch, OutgoingPages(stage.pager), stage.open_uow)
    sending = asyncio.create_task(runner.run_once())
    await eventually(lambda: runner._flights, within=5)
    assert await by_api(stage, incident, "") == Reason.ACKNOWLEDGED
    answered.set()
    assert await sending == 1
    [page] = await stage.pages(incident)
    assert (page.state, watch.began) == (PageState.DROPPED, [])
