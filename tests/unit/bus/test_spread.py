"""Every partition is tried by the canary, whatever the bus and however many there are (R21)."""

import zlib

import pytest
from aiokafka.partitioner import murmur2

from tocsin_bus.kafka_records import keys_of
from tocsin_bus.postgres import PARTITIONS, PostgresBus
from tocsin_events.base import Topic
from tocsin_runtime.database import Database


@pytest.mark.parametrize("partitions", [1, 3, 7, 12, 24, 48, 100])
def test_keys_fall_on_each_partition_of_kafka_in_turn(partitions: int) -> None:
    places = [(murmur2(str(key).encode()) & 0x7FFFFFFF) % partitions for key in keys_of(partitions)]

    assert places == list(range(partitions))


def test_keys_fall_on_each_partition_of_the_embedded_bus_in_turn() -> None:
    bus = PostgresBus(Database("postgresql://nobody@localhost/nothing", schema="bus", role="tocsin_bus"))

    for topic in Topic:
        keys = bus.a_key_each(topic)
        assert [zlib.crc32(key.bytes) % PARTITIONS for key in keys] == list(range(PARTITIONS))
