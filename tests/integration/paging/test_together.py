"""Several incidents in one transaction: each has its own story, as if it had come alone."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from fastapi import FastAPI
from sqlalchemy import text

from tests.integration.handed_over import hand_over, handed_over, waiting
from tests.integration.paging.stage import MINUTE, Stage, Tray
from tocsin_bus.subscriptions import Heard
from tocsin_bus.unit_of_work import Cause
from tocsin_events.base import Event
from tocsin_events.directory import Role, UserChanged
from tocsin_events.incidents import (
    Incident,
    IncidentAcknowledged,
    IncidentNoteAdded,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentStatus,
)
from tocsin_events.pages import PageRequested, PageSent
from tocsin_paging.consumers import subscriptions_of
from tocsin_paging.domain.contact import Channel
from tocsin_paging.domain.escalation import State
from tocsin_paging.domain.page import PageState
from tocsin_paging.store.escalations import EscalationRepository
from tocsin_paging.usecases.carry_out import take_step
from tocsin_paging.usecases.make_pages import AT_ONCE
from tocsin_runtime.ids import new_id
from tocsin_runtime.statement import driver_of
from tocsin_testkit.waiting import eventually

SOMEBODY = UserChanged(
    id=UUID(int=7), version=1, name="Somebody", email="somebody@example.org", role=Role.VIEWER
)


async def open_together(stage: Stage, *incidents: Incident) -> list[Cause]:
    """As a batch of the consumer brings them; each with a cause of its own."""
    causes = [Cause(new_id(), causation_id=new_id()) for _ in incidents]
    events = [IncidentOpened(incident=incident) for incident in incidents]
    handler = subscriptions_of(stage.pager).many_for(events[0])
    assert handler is not None
    async with stage.open_uow() as uow:
        heard = [Heard(event, cause) for event, cause in zip(events, causes, strict=True)]
        await handler(heard, uow)
    return causes


async def told(stage: Stage, kind: type[Event]) -> dict[UUID, tuple[UUID, UUID | None]]:
    """What was told of each incident: the story that it belongs to, and the event that led to it."""
    async with stage.open_uow() as uow:
        query = text("SELECT key, correlation_id, causation_id FROM outbox WHERE type = :type")
        rows = (await uow.conn.execute(query, {"type": kind.TYPE})).all()
    found = {row.key: (row.correlation_id, row.causation_id) for row in rows}
    assert len(found) == len(rows), "once each"
    return found


def stories(incidents: Sequence[Incident], causes: Sequence[Cause]) -> dict[UUID, tuple[UUID, UUID | None]]:
    pairs = zip(incidents, causes, strict=True)
    return {incident.incident_id: (cause.correlation_id, cause.causation_id) for incident, cause in pairs}


async def test_each_pages_for_itself_and_belongs_to_its_own_story(stage: Stage) -> None:
    ana, cy = await stage.person("Ana"), await stage.person("Cy")
    await stage.policy([ana])
    other = await stage.policy([cy], default=False)
    incidents = [stage.incident(), stage.incident(escalation_policy_id=other), stage.incident()]
    causes = await open_together(stage, *incidents)
    assert [await stage.told_to(incident) for incident in incidents] == [
        [(1, 1, "Ana")],
        [(1, 1, "Cy")],
        [(1, 1, "Ana")],
    ]
    assert await told(stage, PageRequested) == stories(incidents, causes)
    for incident in incidents:
        case = await stage.case(incident)
        assert (case.escalation.step, case.escalation.next_at) == (1, stage.clock.moment + 5 * MINUTE)
    tray = Tray()
    assert await stage.send(tray) == 3
    assert {sending.cause for sending in tray.taken} == set(causes)
    assert await told(stage, PageSent) == stories(incidents, causes)
    assert await stage.forward(5 * MINUTE) == 3, "a timer each, in which nothing more is left to do"


async def test_one_that_has_an_escalation_keeps_it_and_the_others_get_theirs(stage: Stage) -> None:
    await stage.policy([await stage.person("Ana")])
    old = await stage.open()
    fresh, mine = stage.incident(), stage.incident(status=IncidentStatus.ACKNOWLEDGED, assignee_id=new_id())
    stage.clock.forward(MINUTE)
    await open_together(stage, fresh, old, mine, fresh)
    assert (await stage.case(old)).started_at == stage.clock.moment - MINUTE
    assert [len(await stage.pages(incident)) for incident in (fresh, old, mine)] == [1, 1, 0]
    acknowledged = await stage.case(mine)
    assert acknowledged.escalation.state == State.ACKNOWLEDGED
    assert acknowledged.answer is not None
    assert acknowledged.answer.name == "whoever declared it"


async def test_a_page_that_was_claimed_while_a_step_was_being_taken_gives_way_to_that_steps(
    stage: Stage,
) -> None:
    ana = await stage.person("Ana")
    await stage.policy([ana], [ana])
    incident, tray = await stage.open(), Tray()
    stage.clock.forward(5 * MINUTE)

    async with stage.open_uow() as uow:
        case = await EscalationRepository(uow.conn).locked(incident.incident_id)
        assert case is not None
        await take_step(uow, case, pager=stage.pager)
        sending = asyncio.create_task(stage.send(tray))
        await eventually(lambda: waiting(stage.open_uow), within=5)
    await sending
    await stage.send(tray)
    first, second = await stage.pages(incident)
    assert (first.state, first.reason) == (PageState.DROPPED, "followed_by_a_later_page")
    assert second.state == PageState.SENT
    assert [one.subject for one in tray.taken] == [second.id]


async def test_what_a_provider_took_no_longer_counts_as_failing_and_keeps_its_answer(stage: Stage) -> None:
    await stage.policy([await stage.person("Ana")])
    incident = await stage.open()
    async with stage.open_uow() as uow:
        await uow.conn.execute(
            text(
                "UPDATE pages SET state = 'retrying', failing = true, reason = '503', acknowledged_name = 'Ana'"
            )
        )
    await stage.send(Tray())
    [page] = await stage.pages(incident)
    assert (page.state, page.failing, page.reason) == (PageState.SENT, False, None)
    assert (page.attempts, page.sent_at, page.acknowledged_name) == (1, stage.clock.moment, "Ana")


async def test_what_happens_to_many_and_a_claim_of_their_pages_do_not_wait_for_each_other(
    stage: Stage, app: FastAPI
) -> None:
    """Both wait for an incident about which somebody decides, and neither has the other one meanwhile."""
    ana = await stage.person("Ana")
    await stage.policy([ana])
    first, second = sorted([await stage.open(), await stage.open()], key=lambda one: one.incident_id)
    answers = [IncidentAcknowledged(incident=one, actor_id=ana, actor_name="Ana") for one in (second, first)]
    listens = app.state.service.subscriptions
    async with stage.open_uow() as uow:
        await EscalationRepository(uow.conn).locked(first.incident_id)
        claim = asyncio.create_task(stage.send(Tray()))
        await eventually(lambda: waiting(stage.open_uow), within=5)
        batch = asyncio.create_task(handed_over(stage.open_uow, listens, answers[0], SOMEBODY, answers[1]))
        await eventually(lambda: _both_wait(stage), within=5)
    claimed, _ = await asyncio.gather(claim, batch)
    assert claimed == 2
    for incident in (first, second):
        assert (await stage.case(incident)).escalation.state == State.ACKNOWLEDGED


async def _both_wait(stage: Stage) -> bool:
    return await waiting(stage.open_uow) == 2


async def test_the_cases_of_a_batch_are_locked_at_once(stage: Stage, app: FastAPI) -> None:
    ana = await stage.person("Ana")
    await stage.policy([ana])
    incidents = [await stage.open() for _ in range(5)]
    by: dict[str, Any] = {"actor_id": ana, "actor_name": "Ana"}
    events: list[Event] = [IncidentAcknowledged(incident=one, **by) for one in incidents]
    events.insert(3, SOMEBODY)
    events.append(IncidentNoteAdded(incident=incidents[0], note_id=new_id(), body="on it", **by))
    statements: list[str] = []
    async with stage.open_uow() as uow:
        driver_of(uow.conn).add_query_logger(lambda ran: statements.append(ran.query))
        await hand_over(uow, app.state.service.subscriptions, *events)
    assert sum("FOR UPDATE" in statement for statement in statements) == 1


async def test_a_batch_tells_each_story_in_its_order(stage: Stage, app: FastAPI) -> None:
    """Opened, answered, over and back again, all at once; beside it one that somebody answers only."""
    ana = await stage.person("Ana")
    await stage.policy([ana])
    known, story, unheard_of = await stage.open(), stage.incident(), stage.incident()
    by: dict[str, Any] = {"actor_id": ana, "actor_name": "Ana"}
    later = [story.model_copy(update={"version": version, "title": f"v{version}"}) for version in range(5)]
    await handed_over(
        stage.open_uow,
        app.state.service.subscriptions,
        IncidentAcknowledged(incident=known, **by),
        IncidentOpened(incident=story),
        IncidentAcknowledged(incident=later[2], **by),
        IncidentReopened(incident=unheard_of, reason="it is back", **by),
        IncidentResolved(incident=later[3], reason="by_hand", **by),
        IncidentAcknowledged(incident=unheard_of.model_copy(update={"version": 2}), **by),
        IncidentReopened(incident=later[4], reason="it is back", **by),
    )
    assert (await stage.case(known)).escalation.state == State.ACKNOWLEDGED
    assert (await stage.case(unheard_of)).escalation.state == State.ACKNOWLEDGED
    again = await stage.case(story)
    assert (again.escalation.state, again.about.title) == (State.TRIGGERED, "v4")
    assert await stage.told_to(story) == [(1, 1, "Ana"), (2, 1, "Ana")]
    assert await stage.told_to(unheard_of) == [(1, 1, "Ana")]


async def test_a_page_that_nothing_can_stop_any_more_leaves_with_the_commit(stage: Stage) -> None:
    """Where an answer comes in the same batch, whoever claims it finds that it is not wanted."""
    ana = await stage.person("Ana")
    await stage.policy([ana])
    asked: list[str] = []

    def berth(provider: str, _destination: str) -> None:
        asked.append(provider)

    async def told(*events: Event) -> None:
        async with stage.open_uow() as uow:
            uow.berths = berth
            await hand_over(uow, subscriptions_of(stage.pager), *events)

    alone, answered = stage.incident(), stage.incident()
    await told(IncidentOpened(incident=alone))
    assert asked == ["email"]
    by_now = answered.model_copy(update={"version": 2, "status": IncidentStatus.ACKNOWLEDGED})
    await told(IncidentOpened(incident=answered), IncidentAcknowledged(incident=by_now))
    assert asked == ["email"]
    assert len(await stage.pages(answered)) == 1


async def test_thousands_of_pages_are_made_some_hundreds_at_a_time(stage: Stage) -> None:
    """So that the loop of the process takes a breath between them; all of them or none all the same."""
    everybody = [
        await stage.person(
            f"P{number}", channels=[(Channel.EMAIL, "a@example.org"), (Channel.EMAIL, "b@example.org")]
        )
        for number in range(20)
    ]
    await stage.policy(everybody)
    incidents = [stage.incident() for _ in range(30)]
    rows: list[int] = []
    handler = subscriptions_of(stage.pager).many_for(IncidentOpened(incident=incidents[0]))
    assert handler is not None
    async with stage.open_uow() as uow:
        driver_of(uow.conn).add_query_logger(
            lambda ran: (
                rows.append(len(orjson.loads(next(arg for arg in ran.args if isinstance(arg, str)))))
                if "INSERT INTO pages" in ran.query or "INSERT INTO sendings" in ran.query
                else None
            )
        )
        await handler([Heard(IncidentOpened(incident=one), Cause(new_id())) for one in incidents], uow)
    assert max(rows) <= AT_ONCE
    assert sum(rows) == 2 * 30 * 20 * 2
    assert {len(await stage.pages(incident)) for incident in incidents} == {40}
