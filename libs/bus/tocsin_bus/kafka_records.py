"""An envelope as a Kafka record, and back: CloudEvents 1.0 in binary mode."""

from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

from aiokafka.partitioner import DefaultPartitioner

from tocsin_bus.kafka_settings import LARGEST
from tocsin_bus.protocol import Partition, Record
from tocsin_bus.spread import a_key_each
from tocsin_events.envelope import Envelope, MalformedEvent, from_headers
from tocsin_runtime.text import clean

PREFIX = "ce_"
CONTENT_TYPE = ("content-type", b"application/json")


def key_of(envelope: Envelope) -> bytes:
    """What Kafka hashes to a partition: the key as text, so that every tool can read it."""
    return _as_bytes(envelope.key)


@cache
def keys_of(partitions: int) -> tuple[UUID, ...]:
    """A fixed key for each partition of a topic that has so many."""
    numbers, partition_of = list(range(partitions)), DefaultPartitioner()
    return a_key_each(partitions, lambda key: int(partition_of(_as_bytes(key), numbers, numbers)))


def headers_of(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The attributes as record headers."""
    return [CONTENT_TYPE, *((PREFIX + name, value.encode()) for name, value in envelope.headers().items())]


def record_of(partition: Partition, message: Any) -> Record:
    """Read what came. Whatever it is, the result is a record; what is wrong with it is its `problem`."""
    attributes, data = _attributes(message.headers), message.value or b""
    if len(data) > LARGEST:
        problem = f"a record of {len(data)} bytes; the largest event has {LARGEST}"
        return Record(partition, message.offset, None, attributes, data, problem)
    try:
        envelope = from_headers(attributes, topic=partition.topic, data=data)
    except MalformedEvent as error:
        return Record(partition, message.offset, None, attributes, data, str(error))
    return Record(partition, message.offset, envelope, attributes, data)


def _as_bytes(key: UUID) -> bytes:
    return str(key).encode()


def _attributes(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Headers as text that PostgreSQL takes, without the prefix of the binding."""
    return {
        clean(name).removeprefix(PREFIX): clean((value or b"").decode(errors="replace"))
        for name, value in headers
    }
