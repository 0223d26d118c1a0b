"""An incident that paging does not know is seen by whoever opened it (R28)."""

from uuid import UUID, uuid4

from tests.integration.incidents.room import ANA, Room
from tocsin_events.pages import PageAcknowledged, PageUndeliverable
from tocsin_incidents.usecases.measure_open import HEARD_WITHIN, measure_open
from tocsin_incidents.usecases.respond import reopen_incident, resolve_incident


async def _unpaged(room: Room) -> float:
    await measure_open(room.open_uow, room.desk)
    (sample,) = next(iter(room.desk.measures.unpaged.collect())).samples
    return sample.value


async def test_an_incident_of_which_paging_tells_nothing_is_counted_until_it_does(room: Room) -> None:
    await room.fires(room.alert(uuid4()))
    assert await _unpaged(room) == 0, "it may still come"
    room.clock.forward(2 * HEARD_WITHIN)
    assert await _unpaged(room) == 1

    incident = await room.only()
    await room.hear(
        PageUndeliverable(incident_id=incident.id, at=room.clock.moment, step=1, reason="no_contact")
    )
    assert await _unpaged(room) == 0


async def test_one_that_is_reopened_has_two_minutes_again_and_no_more(room: Room) -> None:
    await room.fires(room.alert(uuid4()))
    incident = await room.only()
    sent = PageUndeliverable(incident_id=incident.id, at=room.clock.moment, step=1, reason="no_contact")
    await room.hear(sent)
    async with room.uow() as uow:
        await resolve_incident(uow, room.desk, ref=incident.id, resolution="", actor=ANA)
    room.clock.forward(2 * HEARD_WITHIN)
    async with room.uow() as uow:
        await reopen_incident(uow, room.desk, ref=incident.id, why="too early", actor=ANA)
    assert await _unpaged(room) == 0
    room.clock.forward(2 * HEARD_WITHIN)
    assert await _unpaged(room) == 1


async def test_an_answer_is_enough(room: Room) -> None:
    await room.fires(room.alert(uuid4()))
    room.clock.forward(2 * HEARD_WITHIN)
    incident = await room.only()
    assert isinstance(ANA.user_id, UUID)
    await room.hear(
        PageAcknowledged(
            incident_id=incident.id, at=room.clock.moment, user_id=ANA.user_id, user="Ana", via="link"
        )
    )
    assert await _unpaged(room) == 0
