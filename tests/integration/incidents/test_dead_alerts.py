from uuid import uuid4

from tests.integration.incidents.room import ANA, Room
from tocsin_bus.subscriptions import DeadLetter
from tocsin_events.alerts import AlertOpened, AlertResolved, AlertSeverity
from tocsin_events.base import Event, Topic
from tocsin_events.envelope import Envelope
from tocsin_events.incidents import IncidentOpened
from tocsin_incidents.domain.severity import Severity
from tocsin_incidents.usecases.own_up import own_up
from tocsin_incidents.usecases.respond import acknowledge_incident
from tocsin_runtime.ids import new_id


def dead(room: Room, event: Event, *, data: bytes | None = None) -> DeadLetter:
    envelope = Envelope(
        new_id(),
        event.TYPE,
        source="/tocsin/detector",
        topic=Topic.ALERTS,
        key=event.key,
        occurred_at=room.clock.moment,
        data=data or event.model_dump_json().encode(),
        correlation_id=new_id(),
    )
    return DeadLetter(Topic.ALERTS, event.TYPE, envelope, reason="KeyError('labels')")


async def tell_of(room: Room, letter: DeadLetter) -> str:
    async with room.uow() as uow:
        return await own_up(uow, room.desk, letter=letter)


async def test_an_alert_that_cannot_be_processed_still_opens_an_incident(room: Room) -> None:
    mild = AlertOpened(alert=room.alert(uuid4(), severity=AlertSeverity.LOW))
    grave = AlertOpened(alert=room.alert(uuid4()))
    assert await tell_of(room, dead(room, mild)) == "opened"
    assert await tell_of(room, dead(room, grave)) == "noted"

    incident = await room.only()
    assert (incident.severity, incident.public, incident.auto_resolve) == (Severity.SEV1, False, False)
    assert "Checkout answers 500" in incident.title
    assert "KeyError" in incident.summary
    assert len(await room.told(IncidentOpened)) == 1


async def test_a_dead_alert_pages_also_after_somebody_has_answered_for_another(room: Room) -> None:
    """A note in the story of an acknowledged incident wakes nobody."""
    first, second, third = (AlertOpened(alert=room.alert(uuid4(), title=name)) for name in "abc")
    await tell_of(room, dead(room, first))
    async with room.uow() as uow:
        await acknowledge_incident(uow, room.desk, ref=1, actor=ANA)
    assert await tell_of(room, dead(room, second)) == "opened"
    assert await tell_of(room, dead(room, third)) == "noted"
    assert [told.incident.title[-3:] for told in await room.told(IncidentOpened)] == ["“a”", "“b”"]


async def test_an_alert_that_cannot_even_be_read_opens_one_too(room: Room) -> None:
    event = AlertOpened(alert=room.alert(uuid4()))
    assert await tell_of(room, dead(room, event, data=b"{}")) == "opened"
    assert (
        await tell_of(room, DeadLetter(Topic.ALERTS, "alert.opened.v9", None, reason="not JSON")) == "noted"
    )
    assert (await room.only()).title == "Tocsin could not read an alert"


async def test_the_end_of_an_alert_and_other_topics_open_nothing(room: Room) -> None:
    alert = room.alert(uuid4())
    ended = AlertResolved(alert=alert, ended_at=room.clock.moment, reason="sender")
    assert await tell_of(room, dead(room, ended)) == "not_firing"
    assert await tell_of(room, DeadLetter(Topic.PAGES, "page.sent.v1", None, reason="x")) == "not_an_alert"
    assert await room.incidents() == []
