"""Records that no service can handle, written to Kafka by hand as a stranger, a bug or a newer release would."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaProducer

from tests.faults.load import TITLE
from tocsin_events.alerts import Alert, AlertOpened, AlertSeverity
from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope
from tocsin_testkit.kafka import KafkaRig

HUGE = b"x" * (5 * 1024 * 1024)
CURSED = "cursed"
"""The name of the alert whose incident the database refuses until the curse is lifted."""
_CURSE = f"""
CREATE FUNCTION incidents.curse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.title = '{TITLE} {CURSED}' THEN RAISE EXCEPTION 'a bug that a fix will mend'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER curse BEFORE INSERT ON incidents.incidents FOR EACH ROW EXECUTE FUNCTION incidents.curse()
"""
_LIFT = "DROP TRIGGER curse ON incidents.incidents; DROP FUNCTION incidents.curse()"


class Poisoner:
    """Writes to the topics of one world."""

    def __init__(self, rig: KafkaRig, prefix: str) -> None:
        self._rig = rig
        self._prefix = prefix

    async def spoil(self, topic: Topic) -> int:
        """Write bytes of four kinds that nobody can read; returns how many."""
        known = "alert.repeated.v1" if topic is Topic.ALERTS else "incident.opened.v1"
        records: list[tuple[Mapping[str, str], bytes]] = [
            ({}, b"\x00\xff\xfe not JSON, and no headers"),
            (_envelope(topic, kind=known, data=b"not JSON").headers(), b"not JSON"),
            (_envelope(topic, kind=known.replace(".v1", ".v9"), data=b"{}").headers(), b"{}"),
            (_envelope(topic, kind=known, data=HUGE).headers(), HUGE),
        ]
        for headers, data in records:
            await self._write(topic, headers, data, key=uuid4())
        return len(records)

    async def send_cursed(self) -> None:
        """Write an alert that is well formed and that the handler fails on while the curse lasts."""
        now = datetime.now(UTC)
        alert = Alert(
            alert_id=uuid4(),
            integration_id=uuid4(),
            group_id=uuid4(),
            group_key=CURSED,
            dedup_key=CURSED,
            severity=AlertSeverity.CRITICAL,
            title=f"{TITLE} {CURSED}",
            source="generic",
            started_at=now,
            received_at=now,
        )
        event = AlertOpened(alert=alert)
        data = event.model_dump_json().encode()
        envelope = _envelope(Topic.ALERTS, kind=event.TYPE, data=data, key=event.key)
        await self._write(Topic.ALERTS, envelope.headers(), data, key=event.key)

    async def _write(self, topic: Topic, headers: Mapping[str, str], data: bytes, *, key: UUID) -> None:
        fields = [(f"ce_{name}", value.encode()) for name, value in headers.items()]
        producer = AIOKafkaProducer(bootstrap_servers=self._rig.bootstrap, max_request_size=2 * len(HUGE))
        await producer.start()
        try:
            await producer.send_and_wait(self._prefix + topic, data, key=str(key).encode(), headers=fields)
        finally:
            await producer.stop()


async def curse(superuser_url: str) -> None:
    """Let the database refuse one incident, as a bug would that a fix mends later."""
    await _execute(superuser_url, _CURSE)


async def lift(superuser_url: str) -> None:
    """The fix."""
    await _execute(superuser_url, _LIFT)


async def _execute(url: str, statements: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


def _envelope(topic: Topic, *, kind: str, data: bytes, key: UUID | None = None) -> Envelope:
    return Envelope(
        id=uuid4(),
        type=kind,
        source="/tocsin/detector",
        topic=topic,
        key=key or uuid4(),
        occurred_at=datetime.now(UTC),
        data=data,
        correlation_id=uuid4(),
    )
