"""Looks at the cluster from outside any group: topics, their ends, and where groups stand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, for_code
from aiokafka.structs import TopicPartition

from tocsin_bus.kafka_settings import KafkaSettings
from tocsin_bus.protocol import BusUnavailable, Partition
from tocsin_events.base import Topic

log = structlog.get_logger("tocsin.bus.kafka")
ANSWER_WITHIN = 5.0
CREATE_WITHIN = 20.0
CLOSE_WITHIN = 5.0
_FINE, _EXISTS = 0, 36


class KafkaCluster:
    """Two clients of its own, made when first needed and made anew after each failure."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._admin: AIOKafkaAdminClient | None = None
        self._reader: AIOKafkaConsumer | None = None
        self._making = asyncio.Lock()
        self._ensuring = asyncio.Lock()
        self._partitions: dict[Topic, list[int]] = {}

    async def ensure_topics(self) -> dict[Topic, list[int]]:
        """The partitions of every topic; missing topics are made, when the settings allow.

        Raises BusUnavailable when some are missing still.
        """
        async with self._ensuring:
            if not self._partitions:
                async with self._asking(CREATE_WITHIN):
                    self._partitions = await self._ensure(await self._admin_client())
            return self._partitions

    def look_again(self) -> None:
        """Something is wrong with the cluster: believe no more that the topics are there."""
        self._partitions = {}

    def known_partitions(self, topic: Topic) -> int:
        """How many the topic has; before anybody has looked, how many it would be made with."""
        return len(self._partitions.get(topic, ())) or self._settings.partitions

    async def end_offsets(self, topic: Topic) -> dict[Partition, int]:
        """Where each partition ends now. Raises BusUnavailable."""
        places = await self._places(topic)
        async with self._asking(ANSWER_WITHIN):
            ends = await (await self._reading_client()).end_offsets(places)
        return {Partition(topic, place.partition): end for place, end in ends.items()}

    async def positions(self, consumer: str, topic: Topic) -> dict[Partition, int]:
        """What the group has stored; a partition without a position is left out. Raises BusUnavailable."""
        places = await self._places(topic)
        async with self._asking(ANSWER_WITHIN):
            admin = await self._admin_client()
            stored = await admin.list_consumer_group_offsets(
                self._settings.group_of(consumer), partitions=places
            )
        return {Partition(topic, p.partition): at.offset for p, at in stored.items() if at.offset >= 0}

    async def answers(self, within: float) -> bool:
        """True when some broker answers in that time."""
        try:
            async with self._asking(within):
                admin = await self._admin_client()
                await admin.describe_topics([self._settings.name_of(Topic.ALERTS)])
        except BusUnavailable:
            return False
        return True

    async def close(self) -> None:
        """Close both clients; also done after a failure, as one that lost all brokers never bootstraps again."""
        clients = (self._admin and self._admin.close(), self._reader and self._reader.stop())
        self._admin = self._reader = None
        try:
            async with asyncio.timeout(CLOSE_WITHIN):
                await asyncio.gather(*(c for c in clients if c), return_exceptions=True)
        except TimeoutError:
            log.info("kafka.client_not_closed")

    @asynccontextmanager
    async def _asking(self, within: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(within):
                yield
        except (KafkaError, OSError, TimeoutError) as error:
            await self.close()
            raise BusUnavailable(repr(error)) from error

    async def _admin_client(self) -> AIOKafkaAdminClient:
        async with self._making:
            if self._admin is None:
                made = AIOKafkaAdminClient(**self._settings.client(), request_timeout_ms=10_000)
                await _start(made.start, made.close)
                self._admin = made
            return self._admin

    async def _reading_client(self) -> AIOKafkaConsumer:
        async with self._making:
            if self._reader is None:
                made = AIOKafkaConsumer(**self._settings.client(), isolation_level="read_committed")
                await _start(made.start, made.stop)
                self._reader = made
            return self._reader

    async def _places(self, topic: Topic) -> list[TopicPartition]:
        numbers = (await self.ensure_topics())[topic]
        return [TopicPartition(self._settings.name_of(topic), number) for number in numbers]

    async def _ensure(self, admin: AIOKafkaAdminClient) -> dict[Topic, list[int]]:
        found = await self._describe(admin)
        missing = [topic for topic in Topic if topic not in found]
        if missing and self._settings.create_topics:
            await self._create(admin, missing)
            while len(found) < len(Topic):
                await asyncio.sleep(0.1)
                found = await self._describe(admin)
        missing = [topic for topic in Topic if topic not in found]
        if missing:
            names = ", ".join(self._settings.name_of(topic) for topic in missing)
            raise BusUnavailable(f"topics are missing: {names}; make them, or set TOCSIN_KAFKA_CREATE_TOPICS")
        return found

    async def _describe(self, admin: AIOKafkaAdminClient) -> dict[Topic, list[int]]:
        answer = await admin.describe_topics([self._settings.name_of(topic) for topic in Topic])
        return {
            self._settings.topic_of(entry["topic"]): sorted(p["partition"] for p in entry["partitions"])
            for entry in answer
            if entry["error_code"] == _FINE and entry["partitions"]
        }

    async def _create(self, admin: AIOKafkaAdminClient, topics: list[Topic]) -> None:
        brokers = len((await admin.describe_cluster())["brokers"])
        replication = min(self._settings.replication, brokers)
        wanted = [
            NewTopic(
                self._settings.name_of(topic),
                self._settings.partitions,
                replication,
                topic_configs=self._settings.topic_settings(topic, replication=replication),
            )
            for topic in topics
        ]
        answer = await admin.create_topics(wanted)
        for name, code, *why in answer.topic_errors:
            if code not in (_FINE, _EXISTS):
                raise BusUnavailable(f"topic {name} cannot be made: {for_code(code).__name__} {why}")
            log.info("kafka.topic_made", topic=name, replication=replication)


async def _start(start: Any, close: Any) -> None:
    """Start a client, or leave nothing of it behind."""
    try:
        await start()
    except BaseException:
        await close()
        raise
