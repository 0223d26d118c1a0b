"""What `settle` concludes from alerts is told for the cause of the alert that led to it, trace and all."""

from uuid import UUID, uuid4

from sqlalchemy import text

from tests.integration.incidents.room import Room
from tocsin_bus.subscriptions import Heard
from tocsin_bus.unit_of_work import Cause
from tocsin_events.alerts import Alert, AlertOpened, AlertResolved
from tocsin_events.base import Event
from tocsin_events.incidents import IncidentAlertJoined, IncidentOpened, IncidentResolved
from tocsin_incidents.consumers import subscriptions_for


def cause(number: int) -> Cause:
    return Cause(UUID(int=number), uuid4(), f"00-{number:032x}-b7ad6b7169203331-01")


async def causes(room: Room, kind: type[Event]) -> list[Cause]:
    """Why each event of that kind was told."""
    query = (
        "SELECT correlation_id, causation_id, traceparent FROM outbox WHERE type = :type ORDER BY position"
    )
    async with room.open_uow() as uow:
        return [Cause(*row) for row in await uow.conn.execute(text(query), {"type": kind.TYPE})]


def resolved(room: Room, alert: Alert) -> AlertResolved:
    return AlertResolved(alert=alert, ended_at=room.clock.moment, reason="resolved_by_sender")


async def test_that_an_alert_joined_and_that_the_last_one_cleared(room: Room) -> None:
    first, second = room.alert(group := uuid4()), room.alert(group)
    await room.hear(AlertOpened(alert=first), cause=cause(1))
    await room.hear(AlertOpened(alert=second), cause=cause(2))
    await room.settle()
    for number, alert in ((3, first), (4, second)):
        await room.hear(resolved(room, alert), cause=cause(number))
        await room.settle()

    told = {
        kind: await causes(room, kind) for kind in (IncidentOpened, IncidentAlertJoined, IncidentResolved)
    }
    assert {kind: [one.correlation_id.int for one in found] for kind, found in told.items()} == {
        IncidentOpened: [1],
        IncidentAlertJoined: [2],
        IncidentResolved: [4],
    }
    for [one] in told.values():
        assert one.causation_id is not None
        assert one.traceparent == cause(one.correlation_id.int).traceparent


async def test_of_alerts_that_join_in_one_batch_the_first_is_the_cause(room: Room) -> None:
    group = uuid4()
    heard = [Heard(AlertOpened(alert=room.alert(group)), cause(number)) for number in (1, 2, 3)]
    handler = subscriptions_for(room.desk).many_for(heard[0].event)
    assert handler is not None
    async with room.open_uow() as uow:
        await handler(heard, uow)
    await room.settle()
    assert await causes(room, IncidentAlertJoined) == [heard[1].cause]


async def test_one_that_ends_before_it_is_counted_joined_for_what_brought_it(room: Room) -> None:
    first, second = room.alert(group := uuid4()), room.alert(group)
    await room.hear(AlertOpened(alert=first), cause=cause(1))
    await room.settle()
    await room.hear(AlertOpened(alert=second), cause=cause(2))
    await room.hear(resolved(room, second), cause=cause(3))
    await room.settle()
    assert [one.correlation_id.int for one in await causes(room, IncidentAlertJoined)] == [2]


async def test_what_was_written_by_the_release_before_is_counted_all_the_same(room: Room) -> None:
    first, second = room.alert(group := uuid4()), room.alert(group)
    await room.hear(AlertOpened(alert=first), AlertOpened(alert=second), cause=cause(1))
    async with room.open_uow() as uow:
        await uow.conn.execute(text("UPDATE incident_alerts SET correlation_id = NULL, traceparent = NULL"))
    await room.settle()
    assert [one.traceparent for one in await causes(room, IncidentAlertJoined)] == [None]
