"""The one producer of a process. It waits as long as Kafka is away, and is replaced once it cannot be trusted."""

import asyncio
from collections.abc import Sequence

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from tocsin_bus.kafka_cluster import KafkaCluster
from tocsin_bus.kafka_records import headers_of, key_of
from tocsin_bus.kafka_settings import KafkaSettings
from tocsin_bus.protocol import BusUnavailable
from tocsin_events.envelope import Envelope

log = structlog.get_logger("tocsin.bus.kafka")
PAUSE = 0.5
FLUSH_WITHIN = 5.0


class KafkaProducer:
    """aiokafka cannot bump its epoch: after a batch that failed, its sequence numbers have a gap that no later

    batch gets over (aiokafka#1017, #510). So whatever the error, the producer is retired and another one built (R9).
    """

    def __init__(self, settings: KafkaSettings, cluster: KafkaCluster) -> None:
        self._settings = settings
        self._cluster = cluster
        self._current: AIOKafkaProducer | None = None
        self._built = asyncio.Event()
        self._building: asyncio.Task[None] | None = None
        self._retired: set[asyncio.Task[None]] = set()
        self._closed = False

    def start(self) -> None:
        """Begin to build it in the background, for as long as that takes."""
        if self._current is None and self._building is None and not self._closed:
            self._building = asyncio.create_task(self._build(), name="kafka-producer")

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Returns once the brokers have all. Raises BusUnavailable when the outcome of some is unknown.

        It waits for every answer, so nothing of a batch that failed is still on its way when the caller sends it
        again. A cancelled call withdraws nothing.
        """
        producer = await self._producer()
        answers: list[asyncio.Future[object]] = []
        try:
            for envelope in envelopes:
                answers.append(await self._hand_over(producer, envelope))  # noqa: PERF401 - all are awaited below
        except Exception as error:
            await asyncio.gather(*answers, return_exceptions=True)
            if not isinstance(error, MessageSizeTooLargeError):
                self._replace(producer)
            raise BusUnavailable(repr(error)) from error
        outcomes = await asyncio.gather(*answers, return_exceptions=True)
        failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if failed:
            self._replace(producer)
            raise BusUnavailable(f"{len(failed)} of {len(answers)} events: {failed[0]!r}")

    async def close(self) -> None:
        """Send what was handed over, if Kafka takes it soon, and close."""
        self._closed = True
        if self._building is not None:
            self._building.cancel()
            await asyncio.gather(self._building, return_exceptions=True)
        if self._current is not None:
            self._retire(self._current)
        if self._retired:
            _, late = await asyncio.wait(self._retired, timeout=FLUSH_WITHIN)
            for task in late:
                task.cancel()

    async def _producer(self) -> AIOKafkaProducer:
        self.start()
        while self._current is None:
            await self._built.wait()
        return self._current

    async def _hand_over(self, producer: AIOKafkaProducer, envelope: Envelope) -> asyncio.Future[object]:
        topic = self._settings.name_of(envelope.topic)
        while True:
            try:
                answer: asyncio.Future[object] = await producer.send(
                    topic, envelope.data, key=key_of(envelope), headers=headers_of(envelope)
                )
            except (
                KafkaTimeoutError
            ):  # its buffer is full, and it did not take the event: nothing is sent twice
                log.warning("kafka.producer_waits", topic=topic)
            else:
                return answer

    async def _build(self) -> None:
        while True:
            try:
                await self._cluster.ensure_topics()
                made = AIOKafkaProducer(**self._settings.producer())
                try:
                    await made.start()
                except BaseException:
                    await made.stop()
                    raise
            except Exception as error:  # noqa: BLE001 - whatever it was, events wait for a producer
                log.warning("kafka.away", error=repr(error)[:300])
                await asyncio.sleep(PAUSE)
            else:
                self._current, self._building = made, None
                self._built.set()
                return

    def _replace(self, producer: AIOKafkaProducer) -> None:
        if self._current is producer:
            log.warning("kafka.producer_replaced")
            self._retire(producer)
            self._cluster.look_again()
            self.start()

    def _retire(self, producer: AIOKafkaProducer) -> None:
        """Use it no more. What others have given to it is still answered, in the background."""
        self._current = None
        self._built.clear()
        task = asyncio.create_task(_stop(producer), name="kafka-producer-retired")
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)


async def _stop(producer: AIOKafkaProducer) -> None:
    try:
        await producer.stop()
    except (KafkaError, OSError) as error:
        log.info("kafka.producer_not_closed", error=repr(error)[:200])
