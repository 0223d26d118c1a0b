from uuid import uuid4

from tests.integration.incidents.room import ANA, BO, MINUTE, Room
from tocsin_access.directory import tell
from tocsin_bus.subscriptions import Heard
from tocsin_events.alerts import AlertAcknowledged
from tocsin_events.directory import Role, UserChanged
from tocsin_events.incidents import IncidentAcknowledged, IncidentResponseOverdue, IncidentStatusChanged
from tocsin_events.pages import (
    AcknowledgementExpired,
    Channel,
    EscalationExhausted,
    Page,
    PageAcknowledged,
    PageFailed,
    PageSent,
    PageUndeliverable,
)
from tocsin_incidents.consumers import subscriptions_for
from tocsin_incidents.domain.incident import Actor, Status
from tocsin_incidents.domain.severity import Severity
from tocsin_incidents.domain.timeline import Kind
from tocsin_incidents.usecases.respond import (
    acknowledge_incident,
    advance_incident,
    judge_incident,
    resolve_incident,
)


async def acknowledged(room: Room, by: Actor) -> PageAcknowledged:
    incident = await room.only()
    assert by.user_id is not None
    return PageAcknowledged(
        incident_id=incident.id, at=room.clock.moment, user_id=by.user_id, user=by.name or "", via="link"
    )


async def test_a_paged_responder_who_acknowledges_has_the_incident(room: Room) -> None:
    await room.fires(room.alert(uuid4()))
    room.clock.forward(MINUTE)
    await room.hear(await acknowledged(room, ANA))

    incident = await room.only()
    assert (incident.status, incident.assignee_id) == (Status.ACKNOWLEDGED, ANA.user_id)
    (told,) = await room.told(IncidentAcknowledged)
    assert (told.actor_name, told.incident.acknowledged_at) == ("Ana", room.clock.moment)
    assert told.from_paging
    assert (await room.story())[-1].data["via"] == "link"


async def test_an_answer_that_comes_after_the_incident_was_reopened_is_past(room: Room) -> None:
    """The bus brings it late: the people of this occurrence are being paged, and have not answered."""
    alert = await room.fires(room.alert(uuid4()))
    given = await acknowledged(room, ANA)
    room.clock.forward(MINUTE)
    await room.clears(alert)
    await room.fires(room.alert(alert.group_id))
    await room.hear(given)
    incident = await room.only()
    assert (incident.status, incident.assignee_id) == (Status.DETECTED, None)
    assert await room.told(IncidentAcknowledged) == []

    room.clock.forward(MINUTE)
    await room.hear(await acknowledged(room, ANA))
    assert (await room.only()).status is Status.ACKNOWLEDGED


async def test_the_sender_who_acknowledges_an_alert_has_its_incident_acknowledged(room: Room) -> None:
    alert = await room.fires(room.alert(uuid4()))
    await room.hear(AlertAcknowledged(alert=alert))

    incident = await room.only()
    assert (incident.status, incident.assignee_id) == (Status.ACKNOWLEDGED, None)
    (told,) = await room.told(IncidentAcknowledged)
    assert (told.actor_id, told.actor_name, told.from_paging) == (None, alert.source, False)


async def test_an_acknowledged_alert_that_opened_nothing_changes_nothing(room: Room) -> None:
    await room.fires(room.alert(uuid4()))
    await room.hear(AlertAcknowledged(alert=room.alert(uuid4())))
    assert (await room.only()).status is Status.DETECTED


async def test_the_second_who_acknowledges_is_noted_and_takes_nothing(room: Room) -> None:
    await room.fires(room.alert(uuid4()))
    await room.hear(await acknowledged(room, ANA))
    await room.hear(await acknowledged(room, BO))
    assert (await room.only()).assignee_id == ANA.user_id
    assert len(await room.told(IncidentAcknowledged)) == 1
    assert (await room.story())[-1].kind is Kind.PAGE_ACKNOWLEDGED


async def test_what_paging_does_is_told_in_the_timeline(room: Room) -> None:
    await room.fires(room.alert(uuid4()))
    incident, now = await room.only(), room.clock.moment
    page = Page(
        page_id=uuid4(),
        incident_id=incident.id,
        user_id=uuid4(),
        user="Ana",
        channel=Channel.EMAIL,
        step=1,
        round=1,
        requested_at=now,
    )
    await room.hear(
        PageSent(page=page, sent_at=now, attempts=1),
        PageFailed(page=page, reason="550 no such mailbox", attempts=3),
        PageUndeliverable(incident_id=incident.id, at=now, step=0, reason="no_policy"),
        PageUndeliverable(incident_id=incident.id, at=now, step=2, reason="nobody_on_call"),
        EscalationExhausted(incident_id=incident.id, at=now, rounds=2),
    )
    assert [entry.title for entry in (await room.story())[1:]] == [
        "Ana was paged by e-mail",
        "Could not page Ana by e-mail in 3 attempts: 550 no such mailbox",
        "No escalation policy covers this incident: every administrator is paged. "
        "Give its service a policy, or make one the default",
        "Step 2 of the escalation reached nobody: nobody on call",
        "Nobody answered: every step of the escalation went unanswered in 2 rounds",
    ]
    assert (await room.only()).version == incident.version, "the incident itself did not change"


async def test_lines_of_several_incidents_come_at_once_in_order(room: Room) -> None:
    await room.fires(room.alert(uuid4()))
    await room.fires(room.alert(uuid4()))
    one, other = await room.incidents()
    now = room.clock.moment
    events = [
        EscalationExhausted(incident_id=incident_id, at=now, rounds=rounds)
        for incident_id, rounds in ((one.id, 1), (other.id, 2), (uuid4(), 3), (one.id, 4))
    ]
    note = subscriptions_for(room.desk).many_for(events[0])
    assert note is not None
    async with room.uow() as uow:
        await note([Heard(event, uow.cause) for event in events], uow)
        announced = uow.announced
    assert [entry.data for entry in (await room.story(one))[1:]] == [{"rounds": 1}, {"rounds": 4}]
    assert [entry.data for entry in (await room.story(other))[1:]] == [{"rounds": 2}]
    assert announced == {"incident", f"incident-{one.number}", f"incident-{other.number}"}


async def test_an_expired_acknowledgement_may_be_given_again(room: Room) -> None:
    async with room.uow() as uow:
        assert ANA.user_id is not None
        await tell(
            uow, UserChanged(id=ANA.user_id, version=1, name="Ana", email="ana@x", role=Role.RESPONDER)
        )
    await room.fires(room.alert(uuid4()))
    incident = await room.only()
    await room.hear(await acknowledged(room, ANA))
    await room.hear(
        AcknowledgementExpired(incident_id=incident.id, at=room.clock.moment, user_id=ANA.user_id)
    )
    assert (await room.story())[-1].title == "Ana’s acknowledgement expired: the escalation runs again"
    lapsed = await room.only()
    assert (lapsed.status, lapsed.acknowledged_at) == (Status.DETECTED, room.clock.moment)
    (told,) = await room.told(IncidentStatusChanged)
    assert (told.previous, told.incident.status, told.actor_id) == ("acknowledged", "detected", None)

    async with room.uow() as uow:
        outcome = await acknowledge_incident(uow, room.desk, ref=incident.id, actor=BO)
    assert (outcome.reason, outcome.incident.assignee_id) == ("acknowledged_again", BO.user_id)
    assert len(await room.told(IncidentAcknowledged)) == 2, "paging must hear of it to stop again"


async def test_an_acknowledgement_that_a_raised_severity_ended_says_so(room: Room) -> None:
    await room.fires(room.alert(uuid4()))
    incident = await room.only()
    await room.hear(await acknowledged(room, ANA))
    await room.hear(
        AcknowledgementExpired(incident_id=incident.id, at=room.clock.moment, reason="severity_raised")
    )
    last = (await room.story())[-1]
    assert (
        last.title
        == "The severity was raised: the acknowledgement no longer holds, the escalation runs again"
    )
    assert last.data["reason"] == "severity_raised"


async def test_work_goes_on_when_its_acknowledgement_expires(room: Room) -> None:
    await room.fires(room.alert(uuid4()))
    incident = await room.only()
    async with room.uow() as uow:
        await advance_incident(uow, room.desk, ref=incident.id, to=Status.INVESTIGATING, actor=ANA)
    before = len(await room.told(IncidentStatusChanged))
    await room.hear(AcknowledgementExpired(incident_id=incident.id, at=room.clock.moment))
    assert (await room.only()).status is Status.INVESTIGATING
    assert len(await room.told(IncidentStatusChanged)) == before


async def test_events_about_an_incident_that_is_over_or_unknown_do_no_harm(room: Room) -> None:
    await room.fires(room.alert(uuid4()))
    incident, now = await room.only(), room.clock.moment
    async with room.uow() as uow:
        await resolve_incident(uow, room.desk, ref=incident.id, resolution="", actor=ANA)
    await room.hear(await acknowledged(room, ANA))
    await room.hear(AcknowledgementExpired(incident_id=incident.id, at=now))
    for event in (
        PageAcknowledged(incident_id=uuid4(), at=now, user_id=uuid4(), user="Ana", via="link"),
        AcknowledgementExpired(incident_id=uuid4(), at=now),
        EscalationExhausted(incident_id=uuid4(), at=now, rounds=1),
    ):
        await room.hear(event)
    assert (await room.only()).status is Status.RESOLVED


async def test_nobody_acknowledging_in_time_is_told_once(room: Room) -> None:
    await room.fires(room.alert(uuid4()))
    await room.pass_time(5 * MINUTE)
    await room.pass_time(5 * MINUTE)
    (told,) = await room.told(IncidentResponseOverdue)
    assert told.incident.response_due_at == told.incident.opened_at + 5 * MINUTE
    assert (await room.story())[-1].kind is Kind.RESPONSE_OVERDUE


async def test_an_acknowledged_incident_is_never_overdue(room: Room) -> None:
    await room.fires(room.alert(uuid4()))
    await room.hear(await acknowledged(room, ANA))
    await room.pass_time(60 * MINUTE)
    assert await room.told(IncidentResponseOverdue) == []


async def test_the_deadline_that_counts_is_the_last_one(room: Room) -> None:
    await room.fires(room.alert(uuid4()))
    async with room.uow() as uow:
        await judge_incident(uow, room.desk, ref=1, severity=Severity.SEV2, why="", actor=ANA)
    await room.pass_time(5 * MINUTE)
    assert await room.told(IncidentResponseOverdue) == []
    await room.pass_time(55 * MINUTE)
    assert len(await room.told(IncidentResponseOverdue)) == 1


async def test_a_reopened_incident_has_a_deadline_of_its_own(room: Room) -> None:
    group = uuid4()
    await room.clears(await room.fires(room.alert(group)))
    await room.pass_time(4 * MINUTE)
    await room.fires(room.alert(group))
    await room.pass_time(4 * MINUTE)
    assert await room.told(IncidentResponseOverdue) == []
    await room.pass_time(MINUTE)
    assert len(await room.told(IncidentResponseOverdue)) == 1
