"""An alert fires on after its incident is over: it is never lost, and counts in one incident."""

from uuid import uuid4

from tests.integration.incidents.room import ANA, MINUTE, Room
from tocsin_events.alerts import Alert, AlertOpened, AlertResolved, AlertSeverity
from tocsin_events.incidents import IncidentAlertJoined, IncidentOpened, IncidentSeverityChanged
from tocsin_incidents.consumers import subscriptions_for
from tocsin_incidents.domain.incident import Status
from tocsin_incidents.domain.severity import Severity
from tocsin_incidents.usecases.keep_catalogue import add_service
from tocsin_incidents.usecases.respond import (
    close_incident,
    judge_incident,
    reopen_incident,
    resolve_incident,
)

GROUP = uuid4()


async def end_by_hand(room: Room, ref: int, *, closed: bool = True) -> None:
    async with room.uow() as uow:
        await resolve_incident(uow, room.desk, ref=ref, resolution="", actor=ANA)
        if closed:
            await close_incident(uow, room.desk, ref=ref, actor=ANA)


async def test_the_severity_that_a_person_lowered_stands_until_an_alert_asks_for_more(room: Room) -> None:
    """Prometheus tells of a firing alert each minute: to raise it again by that would page everybody each time."""
    alert = await room.fires(room.alert(GROUP, severity=AlertSeverity.HIGH))
    async with room.uow() as uow:
        await judge_incident(uow, room.desk, ref=1, severity=Severity.SEV3, actor=ANA, why="only Europe")

    await room.repeats(alert)
    await room.fires(room.alert(GROUP, severity=AlertSeverity.HIGH, title="another host"))
    assert (await room.only()).severity is Severity.SEV3

    await room.repeats(alert, severity=AlertSeverity.CRITICAL)
    assert (await room.only()).severity is Severity.SEV1
    assert len(await room.told(IncidentSeverityChanged)) == 2


async def test_an_alert_that_reopens_asks_anew(room: Room) -> None:
    alert = await room.fires(room.alert(GROUP))
    async with room.uow() as uow:
        await judge_incident(uow, room.desk, ref=1, severity=Severity.SEV3, actor=ANA, why="only Europe")
    await room.clears(alert)
    await room.fires(room.alert(GROUP))
    reopened = await room.only()
    assert (reopened.status, reopened.severity) == (Status.DETECTED, Severity.SEV1)


async def left_behind(room: Room, *, closed: bool, **changes: object) -> Alert:
    """An alert that fires on after its incident is over, while its group has another open one."""
    alert = await room.fires(room.alert(GROUP, **changes))
    await end_by_hand(room, 1, closed=closed)
    room.clock.forward(10 * MINUTE)
    await room.fires(room.alert(GROUP, title="another", **changes))
    return alert


async def test_an_alert_of_a_closed_incident_joins_the_open_one_of_its_group(room: Room) -> None:
    alert = await left_behind(room, closed=True)
    await room.repeats(alert)

    first, second = await room.incidents()
    assert (first.status, first.alert_count, first.firing_count) == (Status.CLOSED, 1, 0)
    assert (second.status, second.alert_count, second.firing_count) == (Status.DETECTED, 2, 2)
    assert [(told.alert_id, told.reason) for told in await room.told(IncidentAlertJoined)] == [
        (alert.alert_id, "still_firing_same_group")
    ]
    assert (await room.story(second))[-1].title == (
        "“Checkout answers 500” joined: the alert still fires, and its group has this incident by now"
    )


async def test_an_alert_of_a_resolved_incident_does_not_open_a_second_one_for_its_group(room: Room) -> None:
    await room.repeats(await left_behind(room, closed=False))
    assert [(each.status, each.firing_count) for each in await room.incidents()] == [
        (Status.RESOLVED, 0),
        (Status.DETECTED, 2),
    ]


async def test_it_joins_also_moments_after_its_incident_was_closed(room: Room) -> None:
    alert = await room.fires(room.alert(GROUP))
    await end_by_hand(room, 1)
    await room.fires(room.alert(GROUP))
    await room.repeats(alert)
    assert [each.firing_count for each in await room.incidents()] == [0, 2]


async def test_an_alert_that_moves_raises_the_incident_that_it_joins(room: Room) -> None:
    alert = await left_behind(room, closed=True, severity=AlertSeverity.MEDIUM)
    await room.repeats(alert, severity=AlertSeverity.CRITICAL)
    _, second = await room.incidents()
    assert second.severity is Severity.SEV1
    assert len(await room.told(IncidentSeverityChanged)) == 1


async def test_the_incident_resolves_once_also_the_alert_that_moved_has_cleared(room: Room) -> None:
    alert = await room.fires(room.alert(GROUP))
    await end_by_hand(room, 1)
    other = await room.fires(room.alert(GROUP))
    await room.repeats(alert)
    await room.clears(other)
    assert (await room.incidents())[1].is_open
    await room.clears(alert)
    assert [each.status for each in await room.incidents()] == [Status.CLOSED, Status.RESOLVED]


async def test_an_alert_that_opens_another_incident_counts_in_that_one_alone(room: Room) -> None:
    alert = await room.fires(room.alert(GROUP))
    await end_by_hand(room, 1)
    room.clock.forward(10 * MINUTE)
    await room.repeats(alert)
    assert [each.firing_count for each in await room.incidents()] == [0, 1]


async def test_an_alert_that_reopens_its_own_incident_is_counted_once(room: Room) -> None:
    alert = await room.fires(room.alert(GROUP))
    await end_by_hand(room, 1, closed=False)
    room.clock.forward(10 * MINUTE)
    await room.repeats(alert)
    incident = await room.only()
    assert (incident.status, incident.alert_count, incident.firing_count) == (Status.DETECTED, 1, 1)
    await room.clears(alert)
    assert (await room.only()).status is Status.RESOLVED


async def test_one_reopened_by_a_person_beside_the_groups_other_one_keeps_its_alerts(room: Room) -> None:
    alert = await left_behind(room, closed=True)
    async with room.uow() as uow:
        await reopen_incident(uow, room.desk, ref=1, why="too early", actor=ANA)
    await room.repeats(alert)
    assert [(each.is_open, each.firing_count) for each in await room.incidents()] == [(True, 1), (True, 1)]


async def test_a_group_that_came_while_its_incident_was_resolved_and_cleared_may_open_another(
    room: Room,
) -> None:
    async with room.uow() as uow:
        service = await add_service(uow, {"name": "Checkout"})
    await room.fires(room.alert(GROUP, service_id=service.id))
    late = AlertOpened(alert=room.alert(uuid4(), service_id=service.id))
    handler = subscriptions_for(room.desk).handler_for(late)
    assert handler is not None
    async with room.uow() as uow:
        await handler(late, uow)
        await end_by_hand(room, 1, closed=False)
    await room.hear(AlertResolved(alert=late.alert, ended_at=room.clock.moment, reason="resolved_by_sender"))
    await room.settle()

    room.clock.forward(30 * MINUTE)
    await room.fires(room.alert(late.alert.group_id, service_id=service.id))
    assert [each.status for each in await room.incidents()] == [Status.RESOLVED, Status.DETECTED]
    assert len(await room.told(IncidentOpened)) == 2
