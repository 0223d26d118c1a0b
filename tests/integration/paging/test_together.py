"""Several incidents in one transaction: each has its own story, as if it had come alone."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from tests.integration.paging.stage import MINUTE, Stage, Tray
from tocsin_bus.subscriptions import Heard
from tocsin_bus.unit_of_work import Cause
from tocsin_events.base import Event
from tocsin_events.incidents import Incident, IncidentOpened, IncidentStatus
from tocsin_events.pages import PageRequested, PageSent
from tocsin_paging.consumers import subscriptions_of
from tocsin_paging.domain.escalation import State
from tocsin_paging.domain.page import PageState
from tocsin_paging.store.escalations import EscalationRepository
from tocsin_paging.usecases.carry_out import take_step
from tocsin_runtime.ids import new_id
from tocsin_testkit.waiting import eventually


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
    assert {sending.correlation_id for sending in tray.taken} == {cause.correlation_id for cause in causes}
    sent = {key: story for key, (story, _) in (await told(stage, PageSent)).items()}
    assert sent == {key: story for key, (story, _) in stories(incidents, causes).items()}
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

    async def waits() -> bool:
        async with stage.open_uow() as looking:
            query = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
            return bool((await looking.conn.execute(query)).scalar_one())

    async with stage.open_uow() as uow:
        case = await EscalationRepository(uow.conn).locked(incident.incident_id)
        assert case is not None
        await take_step(uow, case, pager=stage.pager)
        sending = asyncio.create_task(stage.send(tray))
        await eventually(waits, within=5)
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
