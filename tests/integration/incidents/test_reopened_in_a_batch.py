"""What one alert of a batch reopens, the next one finds open: as if each had come by itself."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from tests.integration.incidents.room import ANA, MINUTE, Room
from tocsin_bus.subscriptions import Heard
from tocsin_bus.unit_of_work import Cause
from tocsin_events.alerts import AlertOpened
from tocsin_incidents.consumers import subscriptions_for
from tocsin_incidents.usecases.keep_catalogue import add_service
from tocsin_incidents.usecases.respond import close_incident, reopen_incident, resolve_incident

Story = list[tuple[str, int, list[object]]]
Hear = Callable[..., Awaitable[None]]


async def as_a_batch(room: Room, *events: AlertOpened) -> None:
    place = subscriptions_for(room.desk).many_for(events[0])
    assert place is not None
    async with room.open_uow() as uow:
        await place([Heard(event, Cause(uuid4())) for event in events], uow)


async def one_by_one(room: Room, *events: AlertOpened) -> None:
    await room.hear(*events)


async def two_groups_of_one_incident(room: Room) -> tuple[UUID, UUID, UUID]:
    async with room.uow() as uow:
        service = (await add_service(uow, {"name": "Checkout"})).id
    one, other = uuid4(), uuid4()
    first = await room.fires(room.alert(one, service_id=service))
    second = await room.fires(room.alert(other, service_id=service))
    await room.clears(first, second)
    return one, other, service


async def fires_again(room: Room, hear: Hear, *groups: UUID, service: UUID) -> Story:
    """What becomes of alerts of these groups: the status, the alerts and the last reasons of each incident."""
    await hear(room, *(AlertOpened(alert=room.alert(group, service_id=service)) for group in groups))
    await room.settle()
    incidents = await room.incidents()
    return [
        (
            str(each.status),
            each.alert_count,
            [entry.data.get("reason") for entry in await room.story(each)][-2:],
        )
        for each in incidents
    ]


@pytest.mark.parametrize("hear", [one_by_one, as_a_batch])
async def test_two_groups_whose_last_incident_is_the_same_reopen_it_once(room: Room, hear: Hear) -> None:
    one, other, service = await two_groups_of_one_incident(room)
    story = await fires_again(room, hear, one, other, service=service)
    assert story == [("detected", 4, ["alert_fired_again", "alert_fired_again"])]


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "resolved"])
@pytest.mark.parametrize("hear", [one_by_one, as_a_batch])
async def test_a_group_that_had_another_incident_since_is_taken_back_all_the_same(
    room: Room, hear: Hear, closed: bool
) -> None:
    one, other, service = await two_groups_of_one_incident(room)
    room.clock.forward(11 * MINUTE)
    await room.clears(await room.fires(room.alert(other, service_id=service)))
    async with room.uow() as uow:
        if closed:
            await close_incident(uow, room.desk, ref=2, actor=ANA)
        await reopen_incident(uow, room.desk, ref=1, why="too early", actor=ANA)
    async with room.uow() as uow:
        await resolve_incident(uow, room.desk, ref=1, resolution="", actor=ANA)
    room.clock.forward(MINUTE)

    first, second = await fires_again(room, hear, one, other, service=service)
    assert first == ("detected", 4, ["alert_fired_again", "alert_fired_again"])
    assert second[:2] == ("closed" if closed else "resolved", 1)
