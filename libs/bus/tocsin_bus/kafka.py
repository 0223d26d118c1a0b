"""The bus on Apache Kafka."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from tocsin_bus.kafka_cluster import KafkaCluster
from tocsin_bus.kafka_consumer import KafkaConsumer
from tocsin_bus.kafka_producer import KafkaProducer
from tocsin_bus.kafka_records import keys_of
from tocsin_bus.kafka_settings import KafkaSettings
from tocsin_bus.protocol import Consumer, OnRevoked, Partition
from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope

READY_WITHIN = 1.0


class KafkaBus:
    """Publish and consume over one cluster; one producer a process, one client a group member."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._cluster = KafkaCluster(settings)
        self._producer = KafkaProducer(settings, self._cluster)

    @property
    def shares_fate_with_outbox(self) -> bool:
        return False

    async def start(self) -> None:
        self._producer.start()

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        await self._producer.publish(envelopes)

    def consumer(
        self, *, group: str, topics: Iterable[Topic], on_revoked: OnRevoked, gather: float = 0.0
    ) -> Consumer:
        return KafkaConsumer(
            self._settings, self._cluster, group=group, topics=topics, on_revoked=on_revoked, gather=gather
        )

    async def end_offsets(self, topic: Topic) -> dict[Partition, int]:
        return await self._cluster.end_offsets(topic)

    async def positions(self, group: str, topic: Topic) -> dict[Partition, int]:
        return await self._cluster.positions(group, topic)

    def a_key_each(self, topic: Topic) -> Sequence[UUID]:
        return keys_of(self._cluster.known_partitions(topic))

    async def ready(self) -> bool:
        return await self._cluster.answers(READY_WITHIN)

    async def upkeep(self) -> None:
        """Kafka keeps its own house."""

    async def close(self) -> None:
        await self._producer.close()
        await self._cluster.close()
