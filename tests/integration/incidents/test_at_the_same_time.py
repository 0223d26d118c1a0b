"""Two do something at once: what is left makes sense, whoever was first."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from tests.integration.incidents.room import ANA, BO, Room
from tocsin_bus.subscriptions import Heard
from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_events.alerts import AlertOpened
from tocsin_events.incidents import IncidentAcknowledged, IncidentOpened, IncidentResolved
from tocsin_incidents.consumers import subscriptions_for
from tocsin_incidents.domain.incident import Origin, Status
from tocsin_incidents.domain.opening import Opening
from tocsin_incidents.domain.severity import Severity
from tocsin_incidents.store.alerts import AlertRepository
from tocsin_incidents.usecases.keep_catalogue import add_service
from tocsin_incidents.usecases.open_incident import open_incident
from tocsin_incidents.usecases.respond import acknowledge_incident, resolve_incident
from tocsin_runtime.ids import new_id
from tocsin_testkit.waiting import eventually

WAITS_FOR_ANOTHER = (
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
    " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
)

Act = Callable[[UnitOfWork], Awaitable[object]]


async def together(room: Room, *acts: Act) -> None:
    """Each in a unit of work of its own; none commits before all have begun."""
    begun = asyncio.Barrier(len(acts))

    async def run(act: Act) -> None:
        async with room.open_uow() as uow:
            await begun.wait()
            await act(uow)

    await asyncio.gather(*(run(act) for act in acts))


def opens(room: Room, group: UUID, service_id: UUID | None = None) -> Act:
    event = AlertOpened(alert=room.alert(group, service_id=service_id))
    handler = subscriptions_for(room.desk).handler_for(event)
    assert handler is not None
    return lambda uow: handler(event, uow)


async def test_the_first_two_alerts_of_a_group_open_one_incident(room: Room) -> None:
    for _ in range(10):
        group = uuid4()
        await together(room, opens(room, group), opens(room, group))
    await room.settle()
    incidents = await room.incidents()
    assert [incident.alert_count for incident in incidents] == [2] * 10
    assert len(await room.told(IncidentOpened)) == 10


async def test_the_first_alerts_of_two_groups_of_one_service_open_one_incident(room: Room) -> None:
    async with room.uow() as uow:
        service = await add_service(uow, {"name": "Checkout"})
    await together(room, *(opens(room, uuid4(), service.id) for _ in range(4)))
    await room.settle()
    assert (await room.only()).alert_count == 4


async def test_a_group_has_one_open_incident_even_past_the_lock(room: Room) -> None:
    await room.fires(room.alert(group := uuid4()))
    async with room.uow() as uow:
        assert not await AlertRepository(uow.conn).claim_group(group, new_id())


async def test_a_batch_in_which_a_rival_was_quicker_is_decided_anew_for_what_hung_on_it(room: Room) -> None:
    async with room.uow() as uow:
        service = await add_service(uow, {"name": "Checkout"})
    contended, other, apart = uuid4(), uuid4(), uuid4()
    heard = [
        Heard(AlertOpened(alert=room.alert(contended, service_id=service.id)), Cause(uuid4())),
        Heard(AlertOpened(alert=room.alert(other, title="other", service_id=service.id)), Cause(uuid4())),
        Heard(AlertOpened(alert=room.alert(apart, title="apart")), Cause(uuid4())),
    ]
    place = subscriptions_for(room.desk).many_for(heard[0].event)
    assert place is not None

    async def batch() -> None:
        async with room.open_uow() as uow:
            await place(heard, uow)

    async def batch_waits() -> bool:
        found = await room.run(WAITS_FOR_ANOTHER)
        return bool(found.scalar_one())

    async with room.uow() as uow:
        opening = Opening("rival", Severity.SEV1, origin=Origin.TOCSIN, detected_at=uow.now)
        rival = new_id()
        assert await AlertRepository(uow.conn).claim_group(contended, rival)
        await open_incident(uow, room.desk, incident_id=rival, opening=opening, reason="declared")
        placing = asyncio.create_task(batch())
        await eventually(batch_waits, within=10)
    await placing
    await room.settle()

    counts = {incident.title: incident.alert_count for incident in await room.incidents()}
    assert counts == {"rival": 1, "other": 1, "apart": 1}
    assert len(await room.told(IncidentOpened)) == 3


@pytest.mark.parametrize("turn", range(6))
async def test_resolve_beats_acknowledge_whoever_comes_first(room: Room, turn: int) -> None:
    await room.fires(room.alert(uuid4()))

    async def acknowledge(uow: UnitOfWork) -> None:
        await acknowledge_incident(uow, room.desk, ref=1, actor=ANA)

    async def resolve(uow: UnitOfWork) -> None:
        await resolve_incident(uow, room.desk, ref=1, resolution="", actor=BO)

    await together(room, *((acknowledge, resolve) if turn % 2 else (resolve, acknowledge)))
    incident = await room.only()
    assert incident.status is Status.RESOLVED
    assert len(await room.told(IncidentResolved)) == 1
    assert len(await room.told(IncidentAcknowledged)) == (incident.acknowledged_at is not None)


async def test_two_acknowledge_and_one_has_it(room: Room) -> None:
    await room.fires(room.alert(uuid4()))

    def by(actor: object) -> Act:
        return lambda uow: acknowledge_incident(uow, room.desk, ref=1, actor=actor)  # type: ignore[arg-type]

    await together(room, by(ANA), by(BO), by(ANA))
    assert len(await room.told(IncidentAcknowledged)) == 1
