"""Five thousand related alerts: one incident, and little more work than to write each down."""

import time
from uuid import uuid4

import pytest

from tests.integration.incidents.room import Room
from tocsin_bus.subscriptions import Heard
from tocsin_bus.unit_of_work import Cause
from tocsin_events.alerts import AlertOpened, AlertResolved, AlertSeverity
from tocsin_events.incidents import IncidentAlertJoined, IncidentOpened
from tocsin_incidents.consumers import subscriptions_for
from tocsin_incidents.domain.incident import Incident, Status
from tocsin_incidents.domain.severity import AlertSeverity as TheirSeverity
from tocsin_incidents.domain.severity import Severity
from tocsin_incidents.usecases.keep_catalogue import add_service
from tocsin_incidents.usecases.settle import QUIET

ALERTS, BATCH = 5_000, 250
SEV3_FOR_ALL = dict.fromkeys(TheirSeverity, Severity.SEV3)


async def test_a_storm_is_one_incident_and_few_events(room: Room) -> None:
    group = uuid4()
    alerts = [room.alert(group, title=f"Pod {number} is down") for number in range(ALERTS)]
    subscriptions = subscriptions_for(room.desk)
    began = time.monotonic()
    for start in range(0, ALERTS, BATCH):
        async with room.open_uow() as uow:
            for alert in alerts[start : start + BATCH]:
                event = AlertOpened(alert=alert)
                handler = subscriptions.handler_for(event)
                assert handler is not None
                await handler(event, uow)
        await room.settle()
    took = time.monotonic() - began
    print(f"{ALERTS} alerts in {took:.1f} s, {ALERTS / took:.0f}/s")

    await settle_late(room)
    incident = await room.only()
    assert (incident.alert_count, incident.firing_count) == (ALERTS, ALERTS)
    joined = await room.told(IncidentAlertJoined)
    told = [alert_id for event in joined for alert_id in event.alert_ids]
    assert sorted(told) == sorted(alert.alert_id for alert in alerts[1:])
    assert len(joined) < 20
    assert len(await room.story()) < 25
    assert took < 30


async def test_a_batch_is_placed_as_one_after_another_would_be(room: Room) -> None:
    one, other = uuid4(), uuid4()
    alerts = [
        room.alert(group, title=f"{number}") for number, group in enumerate((one, other, one, one, other))
    ]
    graver = room.alert(other, severity=AlertSeverity.CRITICAL, title="graver")
    milder = [alert.model_copy(update={"severity": AlertSeverity.LOW}) for alert in alerts]
    heard = [Heard(AlertOpened(alert=alert), Cause(alert.alert_id)) for alert in (*milder, graver, milder[3])]
    place = subscriptions_for(room.desk).many_for(heard[0].event)
    assert place is not None

    async with room.open_uow() as uow:
        await place(heard, uow)
    await settle_late(room)

    first, second = await room.incidents()
    assert (first.title, first.alert_count, first.severity) == ("0", 3, Severity.SEV4)
    assert (second.title, second.alert_count, second.severity) == ("1", 3, Severity.SEV1)


async def test_a_batch_opens_as_one_after_another_would(room: Room) -> None:
    async with room.uow() as uow:
        named = await add_service(uow, {"name": "Checkout", "severity_map": SEV3_FOR_ALL})
    alerts = [
        room.alert(uuid4(), title="0", service="checkout"),
        room.alert(uuid4(), title="1", service="unheard of"),
        room.alert(uuid4(), title="2", service_id=named.id),
        room.alert(uuid4(), title="3", service_id=uuid4(), severity=AlertSeverity.INFO),
        room.alert(uuid4(), title="4"),
    ]
    heard = [Heard(AlertOpened(alert=alert), Cause(uuid4())) for alert in alerts]
    place = subscriptions_for(room.desk).many_for(heard[0].event)
    assert place is not None
    async with room.open_uow() as uow:
        await place(heard, uow)
        stories = [envelope.correlation_id for envelope in uow.emitted]
    await settle_late(room)

    first, second, third = await room.incidents()
    assert (first.title, first.service_id, first.service) == ("0", named.id, "Checkout")
    assert (first.severity, first.alert_count, first.firing_count) == (Severity.SEV3, 2, 2)
    assert (second.title, second.service_id, second.service) == ("1", None, "unheard of")
    assert (third.title, third.service, third.alert_count) == ("4", None, 1)
    assert [event.incident.number for event in await room.told(IncidentOpened)] == [
        first.number,
        second.number,
        third.number,
    ]
    assert stories == [heard[nr].cause.correlation_id for nr in (0, 1, 4)]
    assert (await room.story(first))[0].data["alert_ids"] == [str(alerts[0].alert_id)]


async def test_an_incident_that_cannot_be_counted_holds_up_no_other(room: Room) -> None:
    groups = [uuid4(), uuid4()]
    await room.hear(*(AlertOpened(alert=room.alert(group)) for group in groups))
    await room.hear(*(AlertOpened(alert=room.alert(group)) for group in groups))
    for broken in await room.incidents():
        await _grade(room, broken, severity="SEV-9")
        with pytest.raises(ExceptionGroup, match="1 of 2 incidents"):
            await room.settle()
        await _grade(room, broken, severity="SEV-1")
        await room.hear(*(AlertOpened(alert=room.alert(group)) for group in groups))
    await room.settle()
    assert [incident.alert_count for incident in await room.incidents()] == [4, 4]


async def _grade(room: Room, incident: Incident, *, severity: str) -> None:
    await room.run(
        "UPDATE incidents SET severity = :severity WHERE id = :id", severity=severity, id=incident.id
    )


async def test_its_end_is_counted_in_one_go(room: Room) -> None:
    group = uuid4()
    alerts = [await room.fires(room.alert(group)) for _ in range(15)]
    await settle_late(room)
    await room.hear(
        *(AlertResolved(alert=alert, ended_at=room.clock.moment, reason="sender") for alert in alerts)
    )
    await settle_late(room)
    assert (await room.only()).status is Status.RESOLVED
    assert len(await room.story()) < 20


async def settle_late(room: Room) -> None:
    """Settle as often as it takes to count a thousand alerts at a time."""
    for _ in range(8):
        room.clock.forward(2 * QUIET)
        await room.settle()
