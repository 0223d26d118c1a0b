"""Members of a group, driven by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

from tests.ledger import envelope
from tocsin_bus.protocol import Bus, BusUnavailable, Consumer, OnRevoked, Partition, Record
from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope
from tocsin_testkit.waiting import eventually


async def let_go(partitions: frozenset[Partition]) -> None:
    """A member with nothing under way gives its partitions away at once."""


@asynccontextmanager
async def member(
    bus: Bus,
    group: str = "ledger",
    *,
    topics: Sequence[Topic] = (Topic.STATUS,),
    on_revoked: OnRevoked = let_go,
    gather: float = 0.0,
) -> AsyncIterator[Consumer]:
    """A member that has joined; it leaves at the end. A bus that the test before has just woken may need a moment."""
    joined = bus.consumer(group=group, topics=topics, on_revoked=on_revoked, gather=gather)
    await eventually(partial(_joined, joined), within=30, every=0.2)
    try:
        yield joined
    finally:
        await joined.close()


async def _joined(consumer: Consumer) -> bool:
    try:
        await consumer.start()
    except BusUnavailable:
        return False
    return True


async def take(
    consumer: Consumer, count: int, *, within: float = 30.0, finish: bool = True, limit: int = 200
) -> list[Record]:
    """The next `count` records or more, each partition's in order; finished unless told otherwise."""
    taken: list[Record] = []
    async with asyncio.timeout(within):
        while len(taken) < count:
            for partition, records in (await consumer.fetch(wait=0.5, limit=limit)).items():
                taken += records
                if finish:
                    consumer.finished(partition, records[-1].offset + 1)
    return taken


async def nothing_more(consumer: Consumer) -> bool:
    """True when a second passes without a record."""
    return not await consumer.fetch(wait=1.0, limit=200)


def envelopes_of(records: Sequence[Record]) -> list[Envelope]:
    """Their envelopes; all must be readable."""
    found = [record.envelope for record in records if record.envelope is not None]
    assert len(found) == len(records)
    return found


def interleaved(keys: Sequence[UUID], each: int, *, start: int = 0) -> list[Envelope]:
    """`each` events for every key, numbered, the keys taking turns."""
    return [envelope(key, number) for number in range(start, start + each) for key in keys]


async def publish_until_acknowledged(bus: Bus, envelopes: Sequence[Envelope], *, batch: int = 100) -> None:
    """Publish as the relay does: in order, the same batch again as long as the outcome is unknown."""
    for at in range(0, len(envelopes), batch):
        part = envelopes[at : at + batch]
        await eventually(partial(_published, bus, part), within=120, every=0.1)


async def _published(bus: Bus, envelopes: Sequence[Envelope]) -> bool:
    try:
        await bus.publish(envelopes)
    except BusUnavailable:
        return False
    return True


def once(numbers: Sequence[int]) -> list[int]:
    """The numbers without repeats, each where it came first: what the inbox lets through."""
    return list(dict.fromkeys(numbers))


async def poll_until(consumer: Consumer, check: Callable[[], bool], *, within: float = 30.0) -> None:
    """Fetch and finish until `check` is true."""
    async with asyncio.timeout(within):
        while not check():
            for partition, records in (await consumer.fetch(wait=0.2, limit=200)).items():
                consumer.finished(partition, records[-1].offset + 1)
