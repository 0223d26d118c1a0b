"""Members of a group come and go: each partition has one owner, and the order of each key outlives it."""

import asyncio
from collections.abc import Callable, Sequence

from tests.bus_running import consuming
from tests.contract.members import (
    envelopes_of,
    interleaved,
    member,
    poll_until,
    publish_until_acknowledged,
    take,
)
from tests.contract.transports import Transport, fresh_keys
from tests.ledger import by_key, effects
from tocsin_bus.protocol import Bus, Consumer, Partition
from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope
from tocsin_runtime.database import Database
from tocsin_testkit.waiting import eventually

PARTITIONS = frozenset(Partition(Topic.STATUS, number) for number in range(4))


async def test_three_members_share_all_partitions_and_take_over_at_once(bus: Bus) -> None:
    async with member(bus) as one, member(bus) as two:
        async with member(bus) as three:
            await _poll_all([one, two, three], until=lambda: _shared_by(one, two, three))
        await _poll_all([one, two], until=lambda: _shared_by(one, two), within=5.5)


async def test_a_partition_goes_to_another_member_only_after_its_owner_let_it_go(bus: Bus) -> None:
    keys = fresh_keys(12)
    await bus.publish(interleaved(keys, 5))
    asked, released = asyncio.Event(), asyncio.Event()

    async def finish_first(partitions: frozenset[Partition]) -> None:
        asked.set()
        await released.wait()

    async with member(bus, on_revoked=finish_first) as one:
        records = await take(one, 60, finish=False)
        polling = asyncio.create_task(poll_until(one, lambda: len(one.assigned()) == 2))
        joining = asyncio.create_task(_join(bus))
        async with asyncio.timeout(10):
            await asked.wait()
        for record in records:
            one.finished(record.partition, record.offset + 1)
        released.set()
        two = await joining
        await polling
        await _poll_all([one, two], until=lambda: _shared_by(one, two))
        await publish_until_acknowledged(bus, interleaved(keys, 1, start=5))
        fresh = await _take_both([one, two], 12)
        await two.close()
    assert by_key(fresh) == {key: [5] for key in keys}


async def test_order_and_effects_survive_every_rebalance(
    bus: Bus, transport: Transport, ledger: Database
) -> None:
    keys, others = fresh_keys(30), [transport.open() for _ in range(2)]
    for other in others:
        await other.start()
    publishing = asyncio.create_task(publish_until_acknowledged(bus, interleaved(keys, 60), batch=30))
    async with consuming(others[1], ledger) as last:
        async with consuming(bus, ledger) as first:
            async with consuming(others[0], ledger) as second:
                await eventually(
                    lambda: all(_owns(r.progress.assigned) for r in (first, second, last)), within=30
                )
            await eventually(lambda: len(first.progress.assigned) == 2, within=20)
        await publishing
        await eventually(lambda: _all_in_effect(ledger, 1800), within=60)
    for other in others:
        await other.close()
    assert await effects(ledger) == {key: list(range(60)) for key in keys}


async def test_who_gathers_works_off_a_backlog_without_a_rest(bus: Bus, ledger: Database) -> None:
    """A batch of ten is never full with four partitions behind, which share it; ten rests would take a minute."""
    keys = fresh_keys(12)
    await bus.publish(interleaved(keys, 10))
    async with consuming(bus, ledger, batch=10, gather=6):
        await eventually(lambda: _all_in_effect(ledger, 120), within=20)


async def test_a_member_that_joins_an_idle_group_does_not_repeat_what_is_done(bus: Bus) -> None:
    keys = fresh_keys(12)
    await bus.publish(interleaved(keys, 5))
    async with member(bus) as one:
        await take(one, 60)
        two = asyncio.create_task(_join(bus))
        await poll_until(one, lambda: two.done() and _shared_by(one, two.result()))
        consumer = two.result()
        assert not await consumer.fetch(wait=0.5, limit=200)
        await consumer.close()


async def _join(bus: Bus) -> Consumer:
    async def let_go(partitions: frozenset[Partition]) -> None:
        """Nothing is under way here."""

    joined = bus.consumer(group="ledger", topics=[Topic.STATUS], on_revoked=let_go)
    await joined.start()
    return joined


async def _poll_all(consumers: Sequence[Consumer], *, until: Callable[[], bool], within: float = 20) -> None:
    await asyncio.gather(*(poll_until(consumer, until, within=within) for consumer in consumers))


async def _take_both(consumers: Sequence[Consumer], count: int) -> list[Envelope]:
    taken: list[Envelope] = []
    async with asyncio.timeout(20):
        while len(taken) < count:
            for consumer in consumers:
                for records in (await consumer.fetch(wait=0.2, limit=200)).values():
                    taken += envelopes_of(records)
    return taken


def _shared_by(*consumers: Consumer) -> bool:
    owned = [consumer.assigned() for consumer in consumers]
    return frozenset().union(*owned) == PARTITIONS and sum(map(len, owned)) == len(PARTITIONS)


def _owns(partitions: frozenset[Partition]) -> bool:
    return len(partitions) > 0


async def _all_in_effect(ledger: Database, wanted: int) -> bool:
    return sum(map(len, (await effects(ledger)).values())) >= wanted
