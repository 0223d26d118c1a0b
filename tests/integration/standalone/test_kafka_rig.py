"""The Kafka of the tests is a real one: it keeps what it acknowledged over a kill, and hangs while it is frozen."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tocsin_testkit.kafka import KafkaRig

pytestmark = pytest.mark.kafka


@pytest.fixture
def rig(kafka_rig: KafkaRig) -> KafkaRig:
    return kafka_rig


@pytest.fixture
async def topic(rig: KafkaRig) -> str:
    name = f"rig-{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=rig.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, num_partitions=3, replication_factor=1)])
    await admin.close()
    return name


@pytest.fixture
async def producer(rig: KafkaRig) -> AsyncIterator[AIOKafkaProducer]:
    client = AIOKafkaProducer(bootstrap_servers=rig.bootstrap, enable_idempotence=True, acks="all")
    await client.start()
    yield client
    await client.stop()


async def read(rig: KafkaRig, topic: str, *, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=rig.bootstrap,
        group_id=topic,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        async with asyncio.timeout(30):
            return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_what_is_sent_is_read_in_the_order_of_its_key(
    rig: KafkaRig, topic: str, producer: AIOKafkaProducer
) -> None:
    sent = [f"event {number}".encode() for number in range(100)]
    for event in sent:
        await producer.send_and_wait(topic, event, key=b"incident")
    assert await read(rig, topic, count=100) == sent


async def test_a_killed_broker_comes_back_at_its_address_with_what_it_acknowledged(
    rig: KafkaRig, topic: str, producer: AIOKafkaProducer
) -> None:
    await producer.send_and_wait(topic, b"before", key=b"incident")
    await asyncio.to_thread(rig.kill)
    await asyncio.to_thread(rig.start)
    await producer.send_and_wait(topic, b"after", key=b"incident")
    assert await read(rig, topic, count=2) == [b"before", b"after"]


async def test_a_frozen_broker_acknowledges_nothing_until_it_goes_on(
    rig: KafkaRig, topic: str, producer: AIOKafkaProducer
) -> None:
    await producer.send_and_wait(topic, b"before", key=b"incident")
    rig.pause()
    try:
        sending = await producer.send(topic, b"meanwhile", key=b"incident")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(sending), timeout=1)
    finally:
        rig.resume()
    await asyncio.wait_for(sending, timeout=30)
    assert await read(rig, topic, count=2) == [b"before", b"meanwhile"]
