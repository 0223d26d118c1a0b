from uuid import uuid4

import pytest

from tests.integration.incidents.room import MINUTE, Room
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.alerts import AlertOpened, AlertResolved, AlertSeverity
from tocsin_events.incidents import (
    IncidentAlertJoined,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentSeverityChanged,
)
from tocsin_incidents.consumers import subscriptions_for
from tocsin_incidents.domain.catalogue import Service
from tocsin_incidents.domain.incident import TOCSIN, Status
from tocsin_incidents.domain.severity import DEFAULT_MAP, Severity
from tocsin_incidents.domain.severity import AlertSeverity as OurSeverity
from tocsin_incidents.domain.timeline import Kind
from tocsin_incidents.usecases.keep_catalogue import add_service
from tocsin_incidents.usecases.respond import close_incident, reopen_incident, resolve_incident

GROUP = uuid4()
PLAIN = dict(DEFAULT_MAP)


async def service(room: Room, **changes: object) -> Service:
    async with room.uow() as uow:
        return await add_service(uow, {"name": "Checkout", "runbook_url": "https://wiki/checkout", **changes})


async def resolve_by_hand(room: Room) -> None:
    incident = await room.only()
    async with room.uow() as uow:
        await resolve_incident(uow, room.desk, ref=incident.id, resolution="", actor=TOCSIN)


async def test_the_first_alert_opens_an_incident_and_says_why(room: Room) -> None:
    alert = await room.fires(room.alert(GROUP, description="p99 is 9 s"))

    incident = await room.only()
    assert (incident.number, incident.severity, incident.status) == (1, Severity.SEV1, Status.DETECTED)
    assert (incident.title, incident.summary) == ("Checkout answers 500", "p99 is 9 s")
    assert (incident.alert_count, incident.firing_count) == (1, 1)
    (told,) = await room.told(IncidentOpened)
    assert told.alert_ids == [alert.alert_id]
    assert told.incident.url == "http://tocsin.test/incidents/INC-1"
    (entry,) = await room.story()
    assert (entry.kind, entry.data["reason"]) == (Kind.OPENED, "first_alert_of_group")


async def test_more_alerts_of_the_group_join_it_and_are_told_once(room: Room) -> None:
    first = await room.fires(room.alert(GROUP))
    second = await room.fires(room.alert(GROUP, title="Payments answer 500"))
    await room.repeats(second)

    incident = await room.only()
    assert (incident.alert_count, incident.firing_count) == (2, 2)
    joined = await room.told(IncidentAlertJoined)
    assert [(told.alert_id, told.title, told.reason) for told in joined] == [
        (second.alert_id, "Payments answer 500", "same_group")
    ]
    assert first.alert_id not in joined[0].alert_ids


@pytest.mark.parametrize(
    ("alert_severity", "opens"),
    [("critical", "SEV-1"), ("high", "SEV-2"), ("medium", "SEV-3"), ("low", "SEV-4"), ("info", None)],
)
async def test_the_default_map(room: Room, alert_severity: str, opens: str | None) -> None:
    await room.fires(room.alert(GROUP, severity=AlertSeverity(alert_severity)))
    assert [incident.severity for incident in await room.incidents()] == ([opens] if opens else [])


async def test_a_service_has_a_map_a_team_and_a_runbook_of_its_own(room: Room) -> None:
    kept = await service(
        room, severity_map=PLAIN | {OurSeverity.CRITICAL: Severity.SEV3, OurSeverity.HIGH: None}
    )
    await room.fires(room.alert(uuid4(), service_id=kept.id, severity=AlertSeverity.HIGH))
    await room.fires(room.alert(GROUP, service_id=kept.id))

    incident = await room.only()
    assert (incident.severity, incident.service) == (Severity.SEV3, "Checkout")
    assert (incident.service_id, incident.runbook_url) == (kept.id, "https://wiki/checkout")


async def test_a_service_that_the_detector_did_not_know_yet_is_found_by_name(room: Room) -> None:
    kept = await service(room, aliases=("checkout-prod",))
    await room.fires(room.alert(GROUP, service="CHECKOUT-prod"))
    assert (await room.only()).service_id == kept.id


async def test_another_group_of_the_same_service_joins_while_the_incident_is_young(room: Room) -> None:
    kept = await service(room)
    other, late = uuid4(), uuid4()
    await room.fires(room.alert(GROUP, service_id=kept.id))
    room.clock.forward(4 * MINUTE)
    await room.fires(room.alert(other, service_id=kept.id))
    room.clock.forward(MINUTE)
    await room.fires(room.alert(late, service_id=kept.id))
    await room.fires(room.alert(other, service_id=kept.id))

    first, second = await room.incidents()
    assert (first.alert_count, second.alert_count) == (3, 1)
    assert [told.reason for told in await room.told(IncidentAlertJoined)] == [
        "same_service_in_window",
        "same_group",
    ]


async def test_a_graver_alert_raises_the_incident_and_a_milder_one_does_not_lower_it(room: Room) -> None:
    await room.fires(room.alert(GROUP, severity=AlertSeverity.MEDIUM))
    await room.fires(room.alert(GROUP, severity=AlertSeverity.CRITICAL))
    await room.fires(room.alert(GROUP, severity=AlertSeverity.LOW))

    incident = await room.only()
    assert incident.severity is Severity.SEV1
    assert incident.response_due_at == room.clock.moment + 5 * MINUTE
    (raised,) = await room.told(IncidentSeverityChanged)
    assert (raised.previous, raised.reason) == ("SEV-3", "graver_alert_joined")


async def test_an_alert_that_grows_graver_raises_its_incident(room: Room) -> None:
    alert = await room.fires(room.alert(GROUP, severity=AlertSeverity.MEDIUM))
    await room.repeats(alert, severity=AlertSeverity.CRITICAL)
    assert (await room.only()).severity is Severity.SEV1


async def test_an_alert_that_was_only_information_opens_once_it_is_more(room: Room) -> None:
    alert = await room.fires(room.alert(GROUP, severity=AlertSeverity.INFO))
    await room.repeats(alert, severity=AlertSeverity.HIGH)
    assert (await room.only()).severity is Severity.SEV2


async def test_the_incident_resolves_when_its_last_alert_has_cleared(room: Room) -> None:
    first = await room.fires(room.alert(GROUP))
    second = await room.fires(room.alert(GROUP))
    await room.clears(first)
    assert (await room.only()).is_open
    await room.clears(second)

    incident = await room.only()
    assert (incident.status, incident.firing_count) == (Status.RESOLVED, 0)
    (told,) = await room.told(IncidentResolved)
    assert told.reason == "alerts_cleared"
    assert [entry.kind for entry in await room.story()][-3:] == [
        Kind.ALERTS_CLEARED,
        Kind.ALERTS_CLEARED,
        Kind.RESOLVED,
    ]


async def test_a_service_may_ask_that_only_people_resolve(room: Room) -> None:
    kept = await service(room, auto_resolve=False)
    alert = await room.fires(room.alert(GROUP, service_id=kept.id))
    await room.clears(alert)
    incident = await room.only()
    assert (incident.status, incident.firing_count) == (Status.DETECTED, 0)


async def test_an_alert_that_joins_and_clears_between_two_counts_is_counted_and_resolves(room: Room) -> None:
    first, second = room.alert(GROUP), room.alert(GROUP)
    await room.hear(AlertOpened(alert=first), AlertOpened(alert=second))
    for alert in (first, second):
        await room.hear(AlertResolved(alert=alert, ended_at=room.clock.moment, reason="sender"))
    await room.settle()
    incident = await room.only()
    assert (incident.status, incident.alert_count) == (Status.RESOLVED, 2)


async def test_firing_again_soon_reopens_and_later_opens_another(room: Room) -> None:
    await room.clears(await room.fires(room.alert(GROUP)))
    room.clock.forward(9 * MINUTE)
    again = await room.fires(room.alert(GROUP))
    incident = await room.only()
    assert (incident.status, incident.firing_count) == (Status.DETECTED, 1)
    assert [told.reason for told in await room.told(IncidentReopened)] == ["alert_fired_again"]

    await room.clears(again)
    room.clock.forward(10 * MINUTE)
    await room.fires(room.alert(GROUP))
    first, second = await room.incidents()
    assert (first.status, second.status) == (Status.RESOLVED, Status.DETECTED)
    assert (await room.story(second))[0].data["reason"] == "reopen_window_passed"


async def test_a_closed_incident_is_never_reopened_by_an_alert(room: Room) -> None:
    await room.clears(await room.fires(room.alert(GROUP)))
    async with room.uow() as uow:
        await close_incident(uow, room.desk, ref=1, actor=TOCSIN)
    await room.fires(room.alert(GROUP))
    assert [incident.status for incident in await room.incidents()] == [Status.CLOSED, Status.DETECTED]


async def test_what_a_person_resolved_is_reopened_only_when_it_fires_well_after(room: Room) -> None:
    alert = await room.fires(room.alert(GROUP))
    await resolve_by_hand(room)
    room.clock.forward(9 * MINUTE)
    await room.repeats(alert)
    assert (await room.only()).status is Status.RESOLVED
    room.clock.forward(MINUTE)
    await room.repeats(alert)

    assert (await room.only()).status is Status.DETECTED
    assert [told.reason for told in await room.told(IncidentReopened)] == ["alert_still_firing"]


async def test_alerts_that_end_with_their_incident_have_not_cleared(room: Room) -> None:
    first, second, third = [await room.fires(room.alert(GROUP)) for _ in range(3)]
    await resolve_by_hand(room)
    for alert, reason in ((first, "resolved_with_incident"), (second, "resolved_with_incident")):
        await room.hear(AlertResolved(alert=alert, ended_at=room.clock.moment, reason=reason))
    await room.clears(third)
    assert [entry.title for entry in (await room.story())[-3:]] == [
        "Resolved",
        "2 alerts ended with the incident",
        "1 alert cleared, none fires any more",
    ]
    assert (await room.only()).firing_count == 0


async def test_an_alert_that_ended_with_its_incident_may_clear_the_next_time(room: Room) -> None:
    alert = await room.fires(room.alert(GROUP))
    await resolve_by_hand(room)
    await room.clears(alert, reason="resolved_with_incident")
    await room.clears(await room.fires(alert))
    assert (await room.story())[-2].title == "1 alert cleared, none fires any more"
    assert (await room.only()).status is Status.RESOLVED


async def test_alerts_that_end_with_their_incident_do_not_resolve_what_a_person_has_reopened(
    room: Room,
) -> None:
    first, second = [await room.fires(room.alert(GROUP)) for _ in range(2)]
    await resolve_by_hand(room)
    async with room.uow() as uow:
        await reopen_incident(uow, room.desk, ref=1, why="too early", actor=TOCSIN)
    await room.clears(first, second, reason="resolved_with_incident")
    assert (await room.only()).status is Status.DETECTED

    await room.clears(await room.fires(first))
    assert (await room.only()).status is Status.RESOLVED


async def test_alerts_that_had_come_before_a_person_resolved_do_not_reopen(room: Room) -> None:
    await room.fires(room.alert(GROUP))
    await room.hear(AlertOpened(alert=room.alert(GROUP)))
    await resolve_by_hand(room)
    await room.settle()
    incident = await room.only()
    assert (incident.status, incident.alert_count) == (Status.RESOLVED, 2)


async def test_an_alert_that_slips_in_while_the_incident_is_resolved_reopens_it(room: Room) -> None:
    await room.fires(room.alert(GROUP))
    late = room.alert(GROUP)
    async with room.uow() as uow:
        await handle(room, uow, AlertOpened(alert=late))
        await resolve_by_hand(room)
    await room.settle()

    incident = await room.only()
    assert (incident.status, incident.alert_count) == (Status.DETECTED, 2)


async def handle(room: Room, uow: UnitOfWork, event: AlertOpened) -> None:
    handler = subscriptions_for(room.desk).handler_for(event)
    assert handler is not None
    await handler(event, uow)


async def test_the_end_of_an_alert_that_opened_nothing_is_no_matter(room: Room) -> None:
    alert = await room.fires(room.alert(GROUP, severity=AlertSeverity.INFO))
    await room.clears(alert)
    assert await room.incidents() == []


async def test_a_title_of_any_length_opens(room: Room) -> None:
    await room.fires(room.alert(GROUP, title="x" * 900, description="y" * 9000))
    incident = await room.only()
    assert (len(incident.title), len(incident.summary)) == (200, 4000)


async def test_every_change_tells_the_whole_incident_under_a_higher_version(room: Room) -> None:
    first = await room.fires(room.alert(GROUP, severity=AlertSeverity.LOW))
    second = await room.fires(room.alert(GROUP))
    await room.clears(first, second)
    versions = [event.incident.version for event in await room.all_told()]  # type: ignore[attr-defined]
    assert versions == sorted(set(versions))
