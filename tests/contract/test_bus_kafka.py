"""What only Kafka has: records that other tools can read, settings that matter, a producer that must be replaced."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any, cast
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import TopicPartition
from pydantic import SecretStr

from tests.contract.members import (
    envelopes_of,
    interleaved,
    member,
    nothing_more,
    publish_until_acknowledged,
    take,
)
from tests.contract.transports import KafkaTransport, fresh_keys
from tests.ledger import by_key, envelope
from tocsin_bus import kafka_settings
from tocsin_bus.connect import connect
from tocsin_bus.kafka import KafkaBus
from tocsin_bus.kafka_producer import KafkaProducer
from tocsin_bus.kafka_settings import KafkaSettings
from tocsin_bus.protocol import Bus, BusUnavailable, Consumer
from tocsin_events.base import Topic
from tocsin_runtime.settings import PlatformSettings
from tocsin_testkit.kafka import KafkaRig
from tocsin_testkit.waiting import eventually

KEY = UUID("0195d2f0-0000-7000-8000-000000000001")
SESSION = 5.5
"""Seconds; a little less than what the broker waits for a member that it hears nothing of."""


@pytest.fixture
def kafka(kafka_rig: KafkaRig) -> KafkaTransport:
    return KafkaTransport(kafka_rig)


@pytest.fixture
async def kafka_bus(kafka: KafkaTransport) -> AsyncIterator[Bus]:
    made = kafka.open()
    await made.start()
    yield made
    await made.close()


@pytest.mark.kafka
async def test_on_the_wire_an_event_is_a_binary_cloudevent_under_its_key(
    kafka: KafkaTransport, kafka_bus: Bus
) -> None:
    sent = envelope(KEY, 1)
    await kafka_bus.publish([sent])
    reader = AIOKafkaConsumer(
        f"{kafka.prefix}status", bootstrap_servers=kafka.rig.bootstrap, auto_offset_reset="earliest"
    )
    await reader.start()
    message = await asyncio.wait_for(reader.getone(), timeout=10)
    await reader.stop()
    headers = dict(message.headers)
    assert message.key == str(KEY).encode()
    assert message.value == sent.data
    assert headers["content-type"] == b"application/json"
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_id"] == str(sent.id).encode()
    assert headers["ce_type"] == b"io.tocsin.status.component_changed.v1"
    assert headers["ce_source"] == b"/tocsin/ledger"
    assert headers["ce_subject"] == str(KEY).encode()


@pytest.mark.kafka
async def test_topics_are_made_at_start_as_they_should_be(kafka: KafkaTransport, kafka_bus: Bus) -> None:
    await kafka_bus.publish([envelope(KEY, 1)])
    found = await _configs(kafka, ["status", "directory"])
    assert found["directory"]["cleanup.policy"] == "compact"
    assert found["status"]["cleanup.policy"] == "delete"
    assert found["status"]["retention.ms"] == str(7 * 24 * 3600 * 1000)
    assert {c["unclean.leader.election.enable"] for c in found.values()} == {"false"}
    assert len(await kafka_bus.end_offsets(Topic.DIRECTORY)) == 4


@pytest.mark.kafka
async def test_topics_are_not_made_when_that_is_switched_off(kafka: KafkaTransport) -> None:
    settings = KafkaSettings.of(kafka.settings)
    bus = KafkaBus(replace(settings, create_topics=False))
    with pytest.raises(BusUnavailable, match=f"topics are missing: {kafka.prefix}alerts"):
        await bus.end_offsets(Topic.STATUS)
    await bus.close()


@pytest.mark.kafka
async def test_a_producer_whose_sequence_has_a_gap_is_replaced_and_the_next_try_succeeds(
    kafka: KafkaTransport, kafka_bus: Bus
) -> None:
    """What an expired batch leaves behind (aiokafka#1017, #510): the sequence number it took is never written."""
    keys = fresh_keys(20)
    async with member(kafka_bus) as consumer:
        await kafka_bus.publish(interleaved(keys, 1))
        _take_a_sequence_number(kafka_bus, f"{kafka.prefix}status")
        with pytest.raises(BusUnavailable):
            await kafka_bus.publish(interleaved(keys, 1, start=1))
        await publish_until_acknowledged(kafka_bus, interleaved(keys, 1, start=1))
        records = await take(consumer, 40)
    assert {k: sorted(set(n)) for k, n in by_key(envelopes_of(records)).items()} == {k: [0, 1] for k in keys}


@pytest.mark.kafka
async def test_two_publishers_share_the_loss_of_their_producer(kafka: KafkaTransport, kafka_bus: Bus) -> None:
    keys = fresh_keys(20)
    await kafka_bus.publish(interleaved(keys, 1))
    _take_a_sequence_number(kafka_bus, f"{kafka.prefix}status")
    await asyncio.gather(
        publish_until_acknowledged(kafka_bus, interleaved(keys[:10], 20, start=1)),
        publish_until_acknowledged(kafka_bus, interleaved(keys[10:], 20, start=1)),
    )
    async with member(kafka_bus) as consumer:
        records = await take(consumer, 20 * 21)
    found = {key: list(dict.fromkeys(numbers)) for key, numbers in by_key(envelopes_of(records)).items()}
    assert found == {key: list(range(21)) for key in keys}


@pytest.mark.kafka
async def test_who_is_started_again_under_its_name_waits_for_nobody(kafka: KafkaTransport) -> None:
    """A killed member without a name keeps the group for six seconds."""
    kafka.settings = kafka.settings.model_copy(update={"kafka_instance": "pod-1"})
    keys = fresh_keys(6)
    bus = kafka.open()
    await bus.start()
    await bus.publish(interleaved(keys, 5))
    async with member(bus) as consumer:
        await take(consumer, 30, finish=False)
        _leave_unsaid(consumer)
    began = asyncio.get_running_loop().time()
    async with member(bus) as successor:
        records = await take(successor, 30)
    assert asyncio.get_running_loop().time() - began < SESSION
    await bus.close()
    assert by_key(envelopes_of(records)) == {key: list(range(5)) for key in keys}


@pytest.mark.kafka
async def test_who_leaves_for_good_keeps_no_place_under_its_name(kafka: KafkaTransport) -> None:
    keys = fresh_keys(6)
    names = (kafka.settings.model_copy(update={"kafka_instance": name}) for name in ("pod-1", "pod-2"))
    first, second = (connect(settings) for settings in names)
    await first.start()
    await first.publish(interleaved(keys, 5))
    async with member(first) as consumer:
        await take(consumer, 30, finish=False)
    began = asyncio.get_running_loop().time()
    async with member(second) as successor:
        records = await take(successor, 30)
    assert asyncio.get_running_loop().time() - began < SESSION
    await second.close()
    await first.close()
    assert by_key(envelopes_of(records)) == {key: list(range(5)) for key in keys}


@pytest.mark.kafka
async def test_who_gathers_begins_once_it_knows_the_directory(
    kafka_bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service is ready when it knows people and tokens: no answer on them may be kept back."""
    monkeypatch.setattr(kafka_settings, "PATIENCE", 15_000)
    entry = replace(envelope(KEY, 1), topic=Topic.DIRECTORY)
    await kafka_bus.publish([entry])
    async with member(kafka_bus, topics=[Topic.DIRECTORY, Topic.STATUS], gather=1) as consumer:
        assert envelopes_of(await take(consumer, 1, within=10)) == [entry]
        await kafka_bus.publish([envelope(KEY, 2)])
        assert len(await take(consumer, 1, within=10)) == 1, "asked for before the directory was known"
        await kafka_bus.publish([envelope(KEY, 3)])
        assert await nothing_more(consumer)
        await kafka_bus.publish([replace(envelope(KEY, 4), data=b"x" * 2 * kafka_settings.MUCH)])
        assert len(await take(consumer, 2, within=10)) == 2


@pytest.mark.kafka
async def test_a_member_that_died_is_replaced_and_goes_on_where_it_was(kafka_bus: Bus) -> None:
    keys = fresh_keys(6)
    await kafka_bus.publish(interleaved(keys, 5))
    async with member(kafka_bus) as consumer:
        await take(consumer, 30)
        await vars(consumer)["_member"].stop()
        with pytest.raises(BusUnavailable):
            await consumer.fetch(wait=1, limit=200)
        await kafka_bus.publish(interleaved(keys, 5, start=5))
        records = await take(consumer, 30)
    assert {k: sorted(n)[-5:] for k, n in by_key(envelopes_of(records)).items()} == {
        key: [5, 6, 7, 8, 9] for key in keys
    }


@pytest.mark.kafka
async def test_topics_that_vanished_are_made_again(kafka: KafkaTransport, kafka_bus: Bus) -> None:
    await kafka_bus.publish([envelope(KEY, 1)])
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.rig.bootstrap)
    await admin.start()
    await admin.delete_topics([kafka.prefix + topic for topic in Topic])
    await eventually(partial(_none_is_left, admin, kafka.prefix), within=30)
    await admin.close()
    await publish_until_acknowledged(kafka_bus, [envelope(KEY, 2)])
    async with member(kafka_bus) as consumer:
        records = await take(consumer, 1)
    assert by_key(envelopes_of(records))[KEY][-1] == 2


@pytest.mark.kafka
async def test_more_than_a_batch_holds_keeps_its_order(kafka_bus: Bus) -> None:
    big = [replace(envelope(KEY, number), data=b"x" * 300_000) for number in range(20)]
    await kafka_bus.publish(big)
    async with member(kafka_bus) as consumer:
        records = await take(consumer, 20)
    assert [record.envelope.id for record in records if record.envelope] == [one.id for one in big]


def test_the_settings_that_the_measurements_ask_for() -> None:
    """R12, R13, R19: what is sent counts when all replicas have it, positions are stored by us, no static member."""
    settings = KafkaSettings.of(PlatformSettings(kafka_bootstrap_servers="one:9092, two:9092"))
    producer, consumer = settings.producer(), settings.consumer("paging")
    assert settings.bootstrap == ("one:9092", "two:9092")
    assert producer["enable_idempotence"]
    assert producer["acks"] == "all"
    assert producer["request_timeout_ms"] == 10_000
    assert producer["linger_ms"] == 0
    assert consumer["group_id"] == "tocsin.paging"
    assert consumer["enable_auto_commit"] is False
    assert consumer["auto_offset_reset"] == "earliest"
    assert consumer["isolation_level"] == "read_committed"
    assert (consumer["session_timeout_ms"], consumer["heartbeat_interval_ms"]) == (6_000, 2_000)
    assert (consumer["max_poll_interval_ms"], consumer["rebalance_timeout_ms"]) == (120_000, 15_000)
    assert len(consumer["partition_assignment_strategy"]) == 1
    assert consumer["group_instance_id"] is None


def test_a_login_over_tls_is_handed_to_every_client() -> None:
    settings = KafkaSettings.of(
        PlatformSettings(
            kafka_bootstrap_servers="kafka:9093",
            kafka_security_protocol="SASL_SSL",
            kafka_username="tocsin",
            kafka_password=SecretStr("tocsin-password"),
        )
    )
    for client in (settings.client(), settings.producer(), settings.consumer("paging")):
        assert client["sasl_mechanism"] == "SCRAM-SHA-512"
        assert client["sasl_plain_username"] == "tocsin"
        assert client["ssl_context"].check_hostname
    assert "tocsin-password" not in repr(settings)


def _take_a_sequence_number(bus: Bus, topic: str) -> None:
    """Do to the producer what aiokafka does when a batch expires before it was sent."""
    producer = cast(KafkaProducer, vars(bus)["_producer"])
    client = vars(producer)["_current"]
    for number in range(4):
        client._txn_manager.increment_sequence_number(TopicPartition(topic, number), 1)


async def _none_is_left(admin: AIOKafkaAdminClient, prefix: str) -> bool:
    """The broker answers a deletion before it has deleted: what is published until then goes with the topic."""
    return not [name for name in await admin.list_topics() if name.startswith(prefix)]


def _leave_unsaid(consumer: Consumer) -> None:
    """What the broker sees of a kill: the member's connections end, and it has not said that it leaves."""
    vars(consumer)["_member"]._coordinator.reset_generation()


async def _configs(kafka: KafkaTransport, topics: list[str]) -> dict[str, dict[str, Any]]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.rig.bootstrap)
    await admin.start()
    wanted = [ConfigResource(ConfigResourceType.TOPIC, kafka.prefix + topic) for topic in topics]
    answers = await admin.describe_configs(wanted)
    await admin.close()
    return {
        name.removeprefix(kafka.prefix): {entry[0]: entry[1] for entry in entries}
        for answer in answers
        for _, _, _, name, entries in answer.resources
    }
