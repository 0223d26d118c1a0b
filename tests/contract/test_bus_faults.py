"""The bus is killed, frozen, or not there yet: nothing is lost, and what waited goes out when it is back (R8, R9)."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import SQLAlchemyError

from tests.bus_running import consuming
from tests.contract.members import (
    envelopes_of,
    interleaved,
    let_go,
    member,
    once,
    publish_until_acknowledged,
    take,
)
from tests.contract.transports import KafkaTransport, Transport, fresh_keys
from tests.ledger import by_key, effects, envelope
from tocsin_bus.protocol import Bus, BusUnavailable, Consumer, Record
from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope
from tocsin_runtime.database import Database
from tocsin_testkit.kafka import KafkaRig
from tocsin_testkit.waiting import eventually, pause


@pytest.fixture
async def kafka(kafka_rig: KafkaRig) -> AsyncIterator[KafkaTransport]:
    """Kafka alone, for what only Kafka does."""
    yield KafkaTransport(kafka_rig)
    kafka_rig.resume()


async def test_publishing_goes_on_where_a_kill_cut_it_off(bus: Bus, transport: Transport) -> None:
    keys = fresh_keys(20)
    async with member(bus) as consumer:
        await bus.publish(interleaved(keys, 1))
        sent = interleaved(keys, 100, start=1)
        publishing = asyncio.create_task(publish_until_acknowledged(bus, sent, batch=4))
        got = await take(consumer, 200)
        assert not publishing.done()
        await asyncio.to_thread(transport.kill)
        await asyncio.to_thread(transport.start)
        await publishing
        got += await _rest(consumer, envelopes_of(got), keys, each=101)
    found = by_key(envelopes_of(got))
    assert {key: once(numbers) for key, numbers in found.items()} == {key: list(range(101)) for key in keys}


async def test_a_killed_bus_is_not_ready_and_then_is_again(bus: Bus, transport: Transport) -> None:
    await bus.publish([envelope(uuid4(), 0)])
    await asyncio.to_thread(transport.kill)
    try:
        async with asyncio.timeout(3):
            assert not await bus.ready()
        with pytest.raises(BusUnavailable):
            await bus.end_offsets(Topic.STATUS)
        with pytest.raises(BusUnavailable):
            await bus.positions("ledger", Topic.STATUS)
    finally:
        await asyncio.to_thread(transport.start)
    await eventually(bus.ready, within=15)
    await eventually(lambda: _end(bus, 1), within=15)


async def test_a_bus_may_start_before_its_server(transport: Transport, bus: Bus) -> None:
    await bus.publish([envelope(uuid4(), 0)])
    await asyncio.to_thread(transport.kill)
    early = transport.open()
    try:
        async with asyncio.timeout(5):
            await early.start()
        publishing = asyncio.create_task(publish_until_acknowledged(early, [envelope(uuid4(), 1)]))
        with pytest.raises(BusUnavailable):
            await early.consumer(group="ledger", topics=[Topic.STATUS], on_revoked=let_go).start()
    finally:
        await asyncio.to_thread(transport.start)
    await asyncio.wait_for(publishing, timeout=30)
    async with member(early) as consumer:
        assert len(await take(consumer, 2)) == 2
    await early.close()


async def test_consumers_go_on_after_a_kill_without_doubling_an_effect(
    bus: Bus, transport: Transport, ledger: Database
) -> None:
    keys = fresh_keys(10)
    async with consuming(bus, ledger):
        await bus.publish(interleaved(keys, 10))
        await eventually(lambda: _effects(ledger, 100), within=30)
        await asyncio.to_thread(transport.kill)
        await asyncio.to_thread(transport.start)
        await publish_until_acknowledged(bus, interleaved(keys, 10, start=10))
        await eventually(lambda: _effects(ledger, 200), within=40)
    assert await effects(ledger) == {key: list(range(20)) for key in keys}


@pytest.mark.kafka
async def test_a_frozen_kafka_hangs_the_publisher_and_gets_nothing_twice(kafka: KafkaTransport) -> None:
    bus = kafka.open()
    await bus.start()
    (key,) = fresh_keys(1)
    async with member(bus) as consumer:
        await bus.publish(interleaved([key], 1))
        kafka.rig.pause()
        publishing = asyncio.create_task(bus.publish(interleaved([key], 50, start=1)))
        done, _ = await asyncio.wait(
            {publishing}, timeout=12
        )  # longer than the client's own request time-out
        assert not done
        assert not await bus.ready()
        kafka.rig.resume()
        await asyncio.wait_for(publishing, timeout=30)
        records = await take(consumer, 51, within=60)
    await bus.close()
    assert by_key(envelopes_of(records)) == {key: list(range(51))}


@pytest.mark.kafka
async def test_a_broker_dead_for_longer_than_a_batch_lives_poisons_nothing(kafka: KafkaTransport) -> None:
    """aiokafka#1017, #510: a batch may expire after it has used a sequence number."""
    bus = kafka.open()
    await bus.start()
    keys = fresh_keys(8)
    async with member(bus) as consumer:
        await bus.publish(interleaved(keys, 1))
        await asyncio.to_thread(kafka.kill)
        publishing = asyncio.create_task(publish_until_acknowledged(bus, interleaved(keys, 5, start=1)))
        done, _ = await asyncio.wait({publishing}, timeout=11)
        assert not done
        await asyncio.to_thread(kafka.start)
        await asyncio.wait_for(publishing, timeout=60)
        await bus.publish(interleaved(keys, 1, start=6))
        records = await _rest(consumer, [], keys, each=7)
    await bus.close()
    found = by_key(envelopes_of(records))
    assert {key: once(numbers) for key, numbers in found.items()} == {key: list(range(7)) for key in keys}


async def _rest(consumer: Consumer, before: list[Envelope], keys: list[UUID], *, each: int) -> list[Record]:
    """Fetch until every key has all its numbers, repeats aside."""
    got: list[Record] = []
    async with asyncio.timeout(60):
        while len({e.data for e in (*before, *envelopes_of(got))}) < each * len(keys):
            got += await _fetch(consumer)
    return got


async def _fetch(consumer: Consumer) -> list[Record]:
    try:
        fetched = await consumer.fetch(wait=0.5, limit=200)
    except BusUnavailable:
        await pause(0.2)
        return []
    for partition, records in fetched.items():
        consumer.finished(partition, records[-1].offset + 1)
    return [record for records in fetched.values() for record in records]


async def _end(bus: Bus, wanted: int) -> bool:
    try:
        return sum((await bus.end_offsets(Topic.STATUS)).values()) == wanted
    except BusUnavailable:
        return False


async def _effects(ledger: Database, wanted: int) -> bool:
    try:
        return sum(map(len, (await effects(ledger)).values())) >= wanted
    except (SQLAlchemyError, OSError):
        return False
