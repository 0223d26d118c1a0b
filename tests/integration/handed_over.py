"""A batch as the consumer hands it over: one transaction, which is not split when something goes wrong in it."""

from tocsin_bus.consumer import HandOver
from tocsin_bus.subscriptions import Subscriptions
from tocsin_bus.unit_of_work import OpenUnitOfWork, UnitOfWork
from tocsin_events.base import Event
from tocsin_events.envelope import Envelope
from tocsin_runtime.ids import new_id


async def hand_over(uow: UnitOfWork, subscriptions: Subscriptions, *events: Event) -> None:
    """Bring these events into effect together, in this order."""
    await HandOver(subscriptions, uow).give(_enveloped(event, uow) for event in events)


async def handed_over(open_uow: OpenUnitOfWork, subscriptions: Subscriptions, *events: Event) -> None:
    """The same in a transaction of its own."""
    async with open_uow() as uow:
        await hand_over(uow, subscriptions, *events)


async def waiting(open_uow: OpenUnitOfWork) -> int:
    """How many transactions wait for a row that another one has."""
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
    async with open_uow() as uow:
        return int((await uow.conn.exec_driver_sql(query)).scalar_one())


def _enveloped(event: Event, uow: UnitOfWork) -> Envelope:
    return Envelope(
        id=new_id(),
        type=event.TYPE,
        source="/tocsin/tests",
        topic=event.topic,
        key=event.key,
        occurred_at=uow.now,
        data=event.model_dump_json().encode(),
        correlation_id=new_id(),
    )
