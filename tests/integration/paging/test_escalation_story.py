"""Incidents as paging lives them, on a real database: pages, steps, answers, silence."""

from typing import Any

from sqlalchemy import text

from tests.integration.paging.stage import MINUTE, Stage, Tray
from tocsin_bus.sending import GiveUp, Retry
from tocsin_events.incidents import (
    IncidentAcknowledged,
    IncidentNoteAdded,
    IncidentReopened,
    IncidentResolved,
    IncidentSeverityChanged,
    IncidentStatus,
    IncidentStatusChanged,
    Severity,
)
from tocsin_events.pages import (
    AcknowledgementExpired,
    EscalationExhausted,
    PageAcknowledged,
    PageFailed,
    PageRequested,
    PageSent,
    PageUndeliverable,
)
from tocsin_paging.domain.contact import Channel
from tocsin_paging.domain.escalation import Reason, State
from tocsin_paging.domain.page import PageState
from tocsin_paging.usecases.acknowledge import Person, acknowledge_incident
from tocsin_paging.usecases.audit import audit
from tocsin_runtime.database import Database
from tocsin_runtime.ids import new_id
from tocsin_testkit.told import told


async def test_the_first_step_is_paged_in_the_very_unit_of_work(stage: Stage, database: Database) -> None:
    ana = await stage.person("Ana")
    await stage.policy([ana])
    incident = await stage.open()
    assert await stage.told_to(incident) == [(1, 1, "Ana")]
    [requested] = await told(database, PageRequested)
    assert isinstance(requested, PageRequested)
    assert (requested.page.user_id, requested.reason) == (ana, "named in the policy")


async def test_silence_climbs_the_policy_and_ends_in_exhaustion(stage: Stage, database: Database) -> None:
    ana, bo = await stage.person("Ana"), await stage.person("Bo")
    await stage.policy([ana], [bo], repeats=1)
    incident = await stage.open()
    for _ in range(4):
        await stage.forward(5 * MINUTE)
    assert await stage.told_to(incident) == [(1, 1, "Ana"), (1, 2, "Bo"), (2, 1, "Ana"), (2, 2, "Bo")]
    [exhausted] = await told(database, EscalationExhausted)
    assert isinstance(exhausted, EscalationExhausted)
    assert exhausted.rounds == 2
    assert (await stage.case(incident)).escalation.state == State.TRIGGERED


async def test_a_policy_that_is_edited_does_not_change_what_runs(stage: Stage) -> None:
    ana, bo = await stage.person("Ana"), await stage.person("Bo")
    await stage.policy([ana], [ana])
    incident = await stage.open()
    await stage.policy([bo])
    await stage.forward(5 * MINUTE)
    assert await stage.told_to(incident) == [(1, 1, "Ana"), (1, 2, "Ana")]


async def test_an_answer_stops_it_and_silence_after_it_starts_again(stage: Stage, database: Database) -> None:
    ana, bo = await stage.person("Ana"), await stage.person("Bo")
    await stage.policy([ana], [bo])
    incident = await stage.open()
    async with stage.open_uow() as uow:
        answered = await acknowledge_incident(
            uow, incident.incident_id, Person(bo, "Bo"), via="api", pager=stage.pager
        )
    assert answered.reason == Reason.ACKNOWLEDGED
    await stage.forward(10 * MINUTE)
    assert await stage.told_to(incident) == [(1, 1, "Ana")]
    [event] = await told(database, PageAcknowledged)
    assert isinstance(event, PageAcknowledged)
    assert (event.user_id, event.via) == (bo, "api")

    await stage.forward(20 * MINUTE)
    assert await stage.told_to(incident) == [(1, 1, "Ana"), (2, 1, "Ana"), (2, 1, "Bo")]
    [expired] = await told(database, AcknowledgementExpired)
    assert isinstance(expired, AcknowledgementExpired)
    assert (expired.user_id, expired.reason) == (bo, "silent")


async def test_activity_keeps_the_answer_alive(stage: Stage) -> None:
    ana = await stage.person("Ana")
    await stage.policy([ana])
    incident = await stage.open()
    await stage.acknowledged(incident, ana)
    stage.clock.forward(20 * MINUTE)
    acknowledged = incident.model_copy(update={"status": IncidentStatus.ACKNOWLEDGED})
    await stage.hear(
        IncidentNoteAdded(
            incident=acknowledged, actor_id=ana, actor_name="Ana", note_id=new_id(), body="on it"
        )
    )
    await stage.forward(11 * MINUTE)
    assert (await stage.case(incident)).escalation.state == State.ACKNOWLEDGED
    await stage.forward(20 * MINUTE)
    assert (await stage.case(incident)).escalation.state == State.TRIGGERED


async def test_a_token_that_acts_for_nobody_answers_by_its_name(stage: Stage, database: Database) -> None:
    ana = await stage.person("Ana")
    await stage.policy([ana])
    incident = await stage.open()
    await stage.acknowledged(incident, None, name="admin token")
    case = await stage.case(incident)
    assert case.answer is not None
    assert (case.answer.name, case.escalation.acknowledged_by) == ("admin token", None)

    stage.clock.forward(20 * MINUTE)
    by: dict[str, Any] = {"actor_name": "admin token"}
    worse = incident.model_copy(update={"severity": Severity.SEV1, "status": IncidentStatus.ACKNOWLEDGED})
    await stage.hear(
        IncidentSeverityChanged(incident=worse, previous=Severity.SEV2, **by),
        IncidentNoteAdded(incident=worse, note_id=new_id(), body="on it", **by),
    )
    await stage.forward(11 * MINUTE)
    assert (await stage.case(incident)).escalation.state == State.ACKNOWLEDGED
    await stage.forward(20 * MINUTE)
    assert await stage.told_to(incident) == [(1, 1, "Ana"), (2, 1, "Ana")]
    [expired] = await told(database, AcknowledgementExpired)
    assert isinstance(expired, AcknowledgementExpired)
    assert (expired.user_id, expired.reason) == (None, "silent")


async def test_an_answer_from_elsewhere_is_not_told_back(stage: Stage, database: Database) -> None:
    ana = await stage.person("Ana")
    await stage.policy([ana], [ana])
    incident = await stage.open()
    await stage.acknowledged(incident, ana)
    await stage.forward(6 * MINUTE)
    assert len(await stage.pages(incident)) == 1
    assert await told(database, PageAcknowledged) == []


async def test_whoever_moves_the_incident_on_has_answered(stage: Stage) -> None:
    ana = await stage.person("Ana")
    await stage.policy([ana])
    incident = await stage.open()
    moved = incident.model_copy(update={"status": IncidentStatus.INVESTIGATING})
    await stage.hear(
        IncidentStatusChanged(
            incident=moved, actor_id=ana, actor_name="Ana", previous=IncidentStatus.DETECTED
        )
    )
    assert (await stage.case(incident)).escalation.state == State.ACKNOWLEDGED


async def test_a_token_that_moves_the_incident_on_has_answered_and_a_rule_has_not(stage: Stage) -> None:
    await stage.policy([await stage.person("Ana")])
    incident = await stage.open()
    moved = incident.model_copy(update={"status": IncidentStatus.INVESTIGATING})
    await stage.hear(IncidentStatusChanged(incident=moved, previous=IncidentStatus.DETECTED))
    assert (await stage.case(incident)).escalation.state == State.TRIGGERED
    await stage.hear(
        IncidentStatusChanged(incident=moved, actor_name="deploy bot", previous=IncidentStatus.DETECTED)
    )
    answer = (await stage.case(incident)).answer
    assert answer is not None
    assert answer.name == "deploy bot"


async def test_resolve_beats_the_answer_and_reopening_pages_anew(stage: Stage) -> None:
    ana = await stage.person("Ana")
    await stage.policy([ana])
    incident = await stage.open()
    await stage.hear(IncidentResolved(incident=incident, reason="by_hand"))
    await stage.acknowledged(incident, ana)
    assert (await stage.case(incident)).escalation.state == State.RESOLVED
    await stage.forward(60 * MINUTE)
    assert len(await stage.pages(incident)) == 1
    await stage.hear(IncidentReopened(incident=incident, reason="it is back"))
    assert await stage.told_to(incident) == [(1, 1, "Ana"), (2, 1, "Ana")]


async def test_an_answer_that_comes_back_over_the_bus_stops_nothing_that_began_since(stage: Stage) -> None:
    """Ana answers a SEV-3, an alert raises it to SEV-1, and only then the incidents service tells of her answer."""
    ana = await stage.person("Ana")
    await stage.policy([ana])
    incident = await stage.open(severity=Severity.SEV3)
    async with stage.open_uow() as uow:
        answer = Person(ana, name="Ana")
        await acknowledge_incident(uow, incident.incident_id, answer, via="link", pager=stage.pager)
    worse = incident.model_copy(update={"severity": Severity.SEV1, "version": 2})
    await stage.hear(IncidentSeverityChanged(incident=worse, previous=Severity.SEV3))
    echo = worse.model_copy(update={"status": IncidentStatus.ACKNOWLEDGED, "version": 3})
    await stage.hear(IncidentAcknowledged(incident=echo, actor_id=ana, actor_name="Ana", from_paging=True))

    assert (await stage.case(incident)).escalation.state == State.TRIGGERED
    assert await stage.told_to(incident) == [(1, 1, "Ana"), (2, 1, "Ana")]


async def test_a_graver_severity_pages_again_and_takes_back_an_answer_given_for_less(
    stage: Stage, database: Database
) -> None:
    ana = await stage.person("Ana")
    await stage.policy([ana], [ana])
    incident = await stage.open(severity=Severity.SEV3)
    await stage.acknowledged(incident, ana)
    worse = incident.model_copy(update={"severity": Severity.SEV1, "status": IncidentStatus.ACKNOWLEDGED})
    await stage.hear(IncidentSeverityChanged(incident=worse, previous=Severity.SEV3))
    assert await stage.told_to(incident) == [(1, 1, "Ana"), (2, 1, "Ana")]
    [expired] = await told(database, AcknowledgementExpired)
    assert isinstance(expired, AcknowledgementExpired)
    assert expired.reason == "severity_raised"
    assert (await stage.case(incident)).about.severity == "SEV-1"
    milder = worse.model_copy(update={"severity": Severity.SEV4})
    await stage.hear(IncidentSeverityChanged(incident=milder, previous=Severity.SEV1))
    assert len(await stage.pages(incident)) == 2


async def test_nobody_to_page_is_told_and_the_next_step_acts_at_once(
    stage: Stage, database: Database
) -> None:
    bo = await stage.person("Bo")
    await stage.policy([new_id()], [bo])
    incident = await stage.open()
    assert await stage.told_to(incident) == [(1, 2, "Bo")]
    [undeliverable] = await told(database, PageUndeliverable)
    assert isinstance(undeliverable, PageUndeliverable)
    assert (undeliverable.step, undeliverable.reason) == (1, "nobody_on_call")


async def test_channels_that_all_fail_bring_the_next_step_forward(stage: Stage, database: Database) -> None:
    ana, bo = await stage.person("Ana"), await stage.person("Bo")
    await stage.policy([ana], [bo])
    incident = await stage.open()
    await stage.send(Tray(answers=[GiveUp("no such mailbox")]))
    assert await stage.told_to(incident) == [(1, 1, "Ana"), (1, 2, "Bo")]
    [failed] = await told(database, PageFailed)
    assert isinstance(failed, PageFailed)
    assert failed.reason == "no such mailbox"


async def test_one_channel_that_works_is_enough(stage: Stage) -> None:
    ana = await stage.person(
        "Ana", channels=[(Channel.EMAIL, "ana@example.org"), (Channel.WEBHOOK, "https://a.example/x")]
    )
    await stage.policy([ana], [ana])
    incident = await stage.open()
    await stage.send(Tray(answers=[GiveUp("no")]))
    await stage.send(Tray(Channel.WEBHOOK.value))
    assert len(await stage.pages(incident)) == 2


async def test_a_channel_that_struggles_keeps_trying_while_the_next_step_acts(
    stage: Stage, database: Database
) -> None:
    ana, bo = await stage.person("Ana"), await stage.person("Bo")
    await stage.policy([ana], [bo])
    incident = await stage.open()
    tray = Tray(answers=[Retry("451 later"), Retry("451 later")])
    await stage.send(tray)
    await stage.forward(MINUTE)
    assert await stage.told_to(incident) == [(1, 1, "Ana")]
    await stage.send(tray)
    assert await stage.told_to(incident) == [(1, 1, "Ana"), (1, 2, "Bo")]
    await stage.forward(MINUTE)
    await stage.send(tray)
    assert [page.state for page in await stage.pages(incident)] == [PageState.SENT, PageState.SENT]
    assert len(await told(database, PageSent)) == 2


async def test_pages_on_their_way_are_dropped_when_somebody_answers(stage: Stage) -> None:
    ana = await stage.person("Ana")
    await stage.policy([ana])
    incident = await stage.open()
    await stage.acknowledged(incident, ana)
    tray = Tray()
    await stage.send(tray)
    assert tray.taken == []
    [page] = await stage.pages(incident)
    assert (page.state, page.reason) == (PageState.DROPPED, "acknowledged")


async def test_after_an_outage_each_contact_gets_one_page(stage: Stage) -> None:
    ana = await stage.person("Ana")
    await stage.policy([ana], [ana], [ana])
    incident = await stage.open()
    await stage.forward(5 * MINUTE)
    await stage.forward(5 * MINUTE)
    tray = Tray()
    await stage.send(tray)
    assert len(tray.taken) == 1
    states = [page.state for page in await stage.pages(incident)]
    assert sorted(states) == [PageState.DROPPED, PageState.DROPPED, PageState.SENT]


async def test_the_auditor_sets_going_what_stands_still(stage: Stage) -> None:
    ana = await stage.person("Ana")
    await stage.policy([ana], [ana])
    incident = await stage.open()
    async with stage.open_uow() as uow:
        assert await audit(uow, pager=stage.pager) == 0
        await uow.conn.execute(text("DELETE FROM timers"))
        assert await audit(uow, pager=stage.pager) == 1
    await stage.forward(5 * MINUTE)
    assert len(await stage.pages(incident)) == 2


async def test_an_incident_that_was_declared_by_somebody_at_it_wakes_nobody(stage: Stage) -> None:
    ana = await stage.person("Ana")
    await stage.policy([ana])
    incident = await stage.open(status=IncidentStatus.INVESTIGATING, declared_by=ana)
    assert await stage.pages(incident) == []
    await stage.forward(31 * MINUTE)
    assert await stage.told_to(incident) == [(1, 1, "Ana")]
