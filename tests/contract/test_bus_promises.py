"""What a transport promises to one group: all, in order per key, again after a crash, on from where it was."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from tests.contract.members import envelopes_of, interleaved, member, nothing_more, take
from tests.contract.transports import Transport, fresh_keys
from tests.ledger import by_key, envelope, enveloped
from tocsin_bus.protocol import Bus, Consumer, Partition, Record
from tocsin_events.base import Topic
from tocsin_events.directory import SessionRevoked
from tocsin_testkit.waiting import eventually

_LATER = datetime(2099, 1, 1, tzinfo=UTC)


async def test_everything_published_is_fetched_in_the_order_of_its_key(bus: Bus) -> None:
    keys = fresh_keys(40)
    sent = interleaved(keys, 25)
    async with member(bus) as consumer:
        for at in range(0, len(sent), 90):
            await bus.publish(sent[at : at + 90])
        records = await take(consumer, len(sent))
    assert by_key(envelopes_of(records)) == {key: list(range(25)) for key in keys}


async def test_an_envelope_arrives_as_it_was_sent(bus: Bus) -> None:
    sent = envelope(uuid4(), 1)
    async with member(bus) as consumer:
        await bus.publish([sent])
        (record,) = await take(consumer, 1)
    assert record.envelope == sent
    assert record.raw_data == sent.data
    assert record.raw_headers["id"] == str(sent.id)


async def test_a_new_group_begins_at_the_oldest_event(bus: Bus) -> None:
    await bus.publish(interleaved(fresh_keys(1), 3))
    async with member(bus) as consumer:
        assert len(await take(consumer, 3)) == 3


async def test_who_may_do_what_is_known_before_a_backlog_is_worked_off(bus: Bus) -> None:
    """A process is ready once it has read the directory; 3,000 other events wait, a tenth of them may be read first."""
    await bus.publish(interleaved(fresh_keys(100), 30))
    await bus.publish([enveloped(SessionRevoked(id=uuid4(), version=1, user_id=uuid4(), expires_at=_LATER))])
    async with member(bus, topics=(Topic.STATUS, Topic.DIRECTORY)) as consumer:
        records = await take(consumer, 3_001, limit=50)
    place = [record.partition.topic for record in records].index(Topic.DIRECTORY)
    assert place < 300


async def test_concurrent_writers_keep_the_order_of_each_key(bus: Bus) -> None:
    keys = fresh_keys(8)

    async def write(index: int) -> None:
        for number in range(30):
            await bus.publish([envelope(keys[index], number)])

    async with member(bus) as consumer:
        await asyncio.gather(*(write(index) for index in range(len(keys))))
        records = await take(consumer, 240)
    assert by_key(envelopes_of(records)) == {key: list(range(30)) for key in keys}


async def test_what_a_crashed_member_had_not_finished_comes_again_in_order(
    bus: Bus, transport: Transport
) -> None:
    (key,) = fresh_keys(1)
    await bus.publish(interleaved([key], 10))
    async with member(bus) as consumer:
        await take(consumer, 10, finish=False)
    other = transport.open()
    await other.start()
    async with member(other) as consumer:
        records = await take(consumer, 10)
    await other.close()
    assert by_key(envelopes_of(records)) == {key: list(range(10))}


async def test_positions_survive_their_member(bus: Bus, transport: Transport) -> None:
    keys = fresh_keys(6)
    await bus.publish(interleaved(keys, 5))
    async with member(bus) as consumer:
        await take(consumer, 30)
    await bus.publish(interleaved(keys, 5, start=5))
    other = transport.open()
    await other.start()
    async with member(other) as consumer:
        records = await take(consumer, 30)
        assert await nothing_more(consumer)
    await other.close()
    assert by_key(envelopes_of(records)) == {key: [5, 6, 7, 8, 9] for key in keys}


async def test_positions_are_stored_in_the_background_and_seen_from_outside(bus: Bus) -> None:
    await bus.publish(interleaved(fresh_keys(12), 4))
    async with member(bus) as consumer:
        await take(consumer, 48)
        ends = await bus.end_offsets(Topic.STATUS)
        assert sum(ends.values()) == 48

        async def stored() -> bool:
            found = await bus.positions("ledger", Topic.STATUS)
            return all(found.get(partition, 0) == end for partition, end in ends.items())

        await eventually(stored, within=5)
        lag = await consumer.lag()
        assert {p: position for p, (position, _) in lag.items()} == ends
        assert {p: end for p, (_, end) in lag.items()} == ends


async def test_a_position_never_goes_backwards(bus: Bus) -> None:
    (key,) = fresh_keys(1)
    await bus.publish(interleaved([key], 10))
    async with member(bus) as consumer:
        records = await take(consumer, 10)
        partition = records[0].partition
        await eventually(lambda: _position(bus, partition, 10), within=5)
        consumer.finished(partition, 3)
        await bus.publish(interleaved([key], 1, start=10))
        await take(consumer, 1)
    assert await _position(bus, partition, 11)


async def test_what_is_finished_by_halves_comes_again_by_halves(bus: Bus) -> None:
    (key,) = fresh_keys(1)
    await bus.publish(interleaved([key], 10))
    async with member(bus) as consumer:
        records = await take(consumer, 10, finish=False)
        consumer.finished(records[0].partition, records[5].offset)
    async with member(bus) as consumer:
        again = await take(consumer, 5)
    assert by_key(envelopes_of(again)) == {key: [5, 6, 7, 8, 9]}


async def test_a_rewound_partition_is_fetched_again_from_there(bus: Bus) -> None:
    keys = fresh_keys(6)
    await bus.publish(interleaved(keys, 5))
    async with member(bus) as consumer:
        records = await take(consumer, 30)
        mine = [record for record in records if record.partition == records[0].partition]
        consumer.rewind(records[0].partition, mine[2].offset)
        again = await take(consumer, len(mine) - 2)
    assert [record.offset for record in again] == [record.offset for record in mine[2:]]


async def test_each_group_gets_everything(bus: Bus) -> None:
    keys = fresh_keys(5)
    async with member(bus, "paging") as one, member(bus, "comms") as other:
        await bus.publish(interleaved(keys, 4))
        both = [envelopes_of(await take(consumer, 20)) for consumer in (one, other)]
    assert by_key(both[0]) == by_key(both[1]) == {key: [0, 1, 2, 3] for key in keys}


async def test_a_member_takes_all_its_topics(bus: Bus) -> None:
    topics = list(Topic)
    async with member(bus, topics=topics) as consumer:
        owned = consumer.assigned()
        assert {partition.topic for partition in owned} == set(topics)
        assert len(owned) == 4 * len(topics)


async def test_a_slow_member_holds_up_nobody_else_and_loses_nothing(bus: Bus) -> None:
    keys = fresh_keys(10)
    async with member(bus, "slow") as slow, member(bus, "quick") as quick:
        await bus.publish(interleaved(keys, 2))
        begun = await take(slow, 1, finish=False, limit=1)
        await bus.publish(interleaved(keys, 200, start=2))
        assert len(await take(quick, 2020)) == 2020
        _finish_all(slow, begun)
        rest = await take(slow, 2020 - len(begun))
    assert by_key(envelopes_of([*begun, *rest])) == {key: list(range(202)) for key in keys}


async def test_unread_topics_have_ends_and_no_positions(bus: Bus) -> None:
    ends = await bus.end_offsets(Topic.PAGES)
    assert set(ends.values()) == {0}
    assert len(ends) == 4
    assert not any((await bus.positions("nobody", Topic.PAGES)).values())


async def test_a_bus_that_answers_is_ready(bus: Bus) -> None:
    await bus.publish([envelope(uuid4(), 1)])
    assert await bus.ready()
    await bus.upkeep()


def _finish_all(consumer: Consumer, records: list[Record]) -> None:
    for record in records:
        consumer.finished(record.partition, record.offset + 1)


async def _position(bus: Bus, partition: Partition, wanted: int) -> bool:
    return (await bus.positions("ledger", partition.topic)).get(partition) == wanted


async def test_a_key_for_each_partition_falls_on_it(bus: Bus) -> None:
    """What has to be tried everywhere, such as the canary, goes by these keys."""
    keys = bus.a_key_each(Topic.STATUS)
    await bus.publish([envelope(key, 1) for key in keys])
    async with member(bus) as consumer:
        records = await take(consumer, len(keys))
    ends = await bus.end_offsets(Topic.STATUS)
    assert {r.envelope.key: r.partition.number for r in records if r.envelope} == {
        key: number for number, key in enumerate(keys)
    }
    assert len(keys) == len(ends)
