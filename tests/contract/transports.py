"""Both transports with what the behaviour suite does to them: open, kill, bring back, write bytes by hand."""

import secrets
from collections.abc import Mapping
from typing import Protocol
from uuid import UUID, uuid4

import orjson
from aiokafka import AIOKafkaProducer
from sqlalchemy import text

from tocsin_bus.connect import connect
from tocsin_bus.protocol import Bus
from tocsin_events.base import Topic
from tocsin_runtime.database import Database
from tocsin_runtime.settings import PlatformSettings
from tocsin_testkit.kafka import KafkaRig
from tocsin_testkit.postgres import TestServer


class Transport(Protocol):
    """One transport with topics of its own. `kill` and `start` block and act on the real server."""

    settings: PlatformSettings

    def open(self) -> Bus:
        """A bus as another process would open it."""
        ...

    def kill(self) -> None: ...

    def start(self) -> None: ...

    async def write(self, topic: Topic, headers: Mapping[str, str], data: bytes, *, key: UUID) -> None:
        """Put bytes into the topic past the bus."""
        ...


class PostgresTransport:
    """The embedded log, in a database of its own."""

    def __init__(self, server: TestServer, url: str) -> None:
        self._server = server
        self._url = url
        self.settings = PlatformSettings(database_url=url)

    def open(self) -> Bus:
        return connect(self.settings)

    def kill(self) -> None:
        self._server.kill()

    def start(self) -> None:
        self._server.start()

    async def write(self, topic: Topic, headers: Mapping[str, str], data: bytes, *, key: UUID) -> None:
        del key  # the log keeps no key; any partition will do
        database = Database(self._url, schema="bus", role="tocsin_bus")
        async with database.begin() as conn:
            row = {"topic": topic.value, "headers": orjson.dumps(dict(headers)).decode(), "data": data}
            await conn.execute(_WRITE, row)
        await database.close()


class KafkaTransport:
    """A prefix of its own in the session's Kafka."""

    def __init__(self, rig: KafkaRig) -> None:
        self.rig = rig
        self.prefix = f"t{secrets.token_hex(4)}."
        self.settings = PlatformSettings(
            kafka_bootstrap_servers=rig.bootstrap, kafka_topic_prefix=self.prefix, kafka_partitions=4
        )

    def open(self) -> Bus:
        return connect(self.settings)

    def kill(self) -> None:
        self.rig.kill()

    def start(self) -> None:
        self.rig.start()

    async def write(self, topic: Topic, headers: Mapping[str, str], data: bytes, *, key: UUID) -> None:
        fields = [(f"ce_{name}", value.encode()) for name, value in headers.items()]
        producer = AIOKafkaProducer(bootstrap_servers=self.rig.bootstrap, max_request_size=8 * 1024 * 1024)
        await producer.start()
        try:
            await producer.send_and_wait(self.prefix + topic, data, key=str(key).encode(), headers=fields)
        finally:
            await producer.stop()


def fresh_keys(count: int) -> list[UUID]:
    """Keys that spread over all partitions."""
    return [uuid4() for _ in range(count)]


_WRITE = text(
    "WITH place AS (UPDATE partitions SET next = next + 1 WHERE topic = :topic AND number = 0 RETURNING next - 1 AS at)"
    " INSERT INTO log (topic, number, record_offset, headers, data)"
    " SELECT :topic, 0, place.at, CAST(:headers AS jsonb), :data FROM place"
)
