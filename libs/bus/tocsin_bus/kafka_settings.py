"""How every client speaks to Kafka: the exact settings that the measurements of R12 and R13 ask for."""

import ssl
from dataclasses import dataclass, field
from typing import Any

from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

from tocsin_events.base import Topic
from tocsin_runtime.settings import PlatformSettings

COMPACTED = frozenset({Topic.DIRECTORY})
LARGEST = 4 * 1024 * 1024
"""Bytes of the largest event that a reader takes up; an accepted delivery is never larger (R5)."""
MUCH = 64 * 1024
"""Bytes that an answer to a patient reader is worth being sent for at once."""
PATIENCE = 1_000
"""Milliseconds for which such an answer is kept back."""
WAIT = 2_000
"""Milliseconds for which the broker waits for something to tell, where it tells at once. A request that brings nothing
costs as much as one that does; but a member that has just got partitions waits for its last one to end."""
LOOK_AFTER = 2_500
"""Milliseconds after which a reader whom nothing has woken looks through its partitions; aiokafka's own fifth of a
second is a sixth of all that a service does at rest. Longer than `WAIT`: then the broker's answer wakes it, once."""
KEEP = 7 * 24 * 3600 * 1000
"""Milliseconds for which topics are kept; the inbox outlives them by a day (R15)."""


@dataclass(frozen=True)
class KafkaSettings:
    """Where Kafka is, how to log in, and what topics look like there."""

    bootstrap: tuple[str, ...]
    prefix: str = "tocsin."
    instance: str = ""
    partitions: int = 12
    replication: int = 3
    create_topics: bool = True
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "SCRAM-SHA-512"
    username: str = ""
    password: str = field(default="", repr=False)
    ca: str = field(default="", repr=False)

    @staticmethod
    def of(settings: PlatformSettings) -> "KafkaSettings":
        """The part of the platform's settings that concerns Kafka."""
        servers = (server.strip() for server in settings.kafka_bootstrap_servers.split(","))
        return KafkaSettings(
            bootstrap=tuple(server for server in servers if server),
            prefix=settings.kafka_topic_prefix,
            instance=settings.kafka_instance,
            partitions=settings.kafka_partitions,
            replication=settings.kafka_replication,
            create_topics=settings.kafka_create_topics,
            security_protocol=settings.kafka_security_protocol,
            sasl_mechanism=settings.kafka_sasl_mechanism,
            username=settings.kafka_username,
            password=settings.kafka_password.get_secret_value(),
            ca=settings.kafka_ca,
        )

    def name_of(self, topic: Topic) -> str:
        """The topic's name in this cluster."""
        return self.prefix + topic.value

    def topic_of(self, name: str) -> Topic:
        """The way back."""
        return Topic(name.removeprefix(self.prefix))

    def group_of(self, consumer: str) -> str:
        """A group's name in this cluster; under the same prefix, so that one ACL covers both."""
        return self.prefix + consumer

    def client(self) -> dict[str, Any]:
        """What all clients are given."""
        settings: dict[str, Any] = {
            "bootstrap_servers": list(self.bootstrap),
            "client_id": "tocsin",
            "security_protocol": self.security_protocol,
            "retry_backoff_ms": 200,
            "metadata_max_age_ms": 30_000,
        }
        if "SSL" in self.security_protocol:
            settings["ssl_context"] = self._trust()
        if "SASL" in self.security_protocol:
            settings["sasl_mechanism"] = self.sasl_mechanism
            settings["sasl_plain_username"] = self.username
            settings["sasl_plain_password"] = self.password
        return settings

    def producer(self) -> dict[str, Any]:
        """A producer never expires what it holds and never writes it twice by itself (R8, R12)."""
        return {
            **self.client(),
            "enable_idempotence": True,
            "acks": "all",
            "request_timeout_ms": 10_000,
            "linger_ms": 0,
            "max_batch_size": 512 * 1024,
            "max_request_size": 2 * LARGEST,
        }

    def consumer(self, consumer: str, *, gather: bool = False) -> dict[str, Any]:
        """A member leaves its group within six seconds of its death, and commits only what is done (R12-R14).

        One with an instance name that is started again sooner takes its own place (KIP-345), and nobody waits.
        A request may take longer than a rebalance, for joining a group is one. With `gather` the broker is, once
        the member knows the directory, to keep an answer back for a while, unless there is `MUCH` to tell: a request
        for every event is saved on both sides, each of which names every partition.
        """
        return {
            **self.client(),
            "group_id": self.group_of(consumer),
            "group_instance_id": self.instance or None,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "isolation_level": "read_committed",
            "max_poll_records": 500,
            "session_timeout_ms": 6_000,
            "heartbeat_interval_ms": 2_000,
            "max_poll_interval_ms": 120_000,
            "rebalance_timeout_ms": 15_000,
            "request_timeout_ms": 20_000,
            "fetch_max_bytes": 2 * LARGEST,
            "fetch_max_wait_ms": PATIENCE if gather else WAIT,
            "consumer_timeout_ms": LOOK_AFTER,
            "partition_assignment_strategy": (RoundRobinPartitionAssignor,),
        }

    def topic_settings(self, topic: Topic, *, replication: int) -> dict[str, str]:
        """How a topic is made."""
        kept = {"cleanup.policy": "compact"} if topic in COMPACTED else {"retention.ms": str(KEEP)}
        return {
            **kept,
            "min.insync.replicas": "2" if replication >= 3 else "1",
            "unclean.leader.election.enable": "false",
            "max.message.bytes": str(2 * LARGEST),
        }

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.ca:
            context.load_verify_locations(cadata=self.ca)
        return context
