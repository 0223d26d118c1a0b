"""What could not be handled waits here with everything that came after it for the same key (R17, R18)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import orjson
from asyncpg import Record as Row
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_bus.protocol import Partition, Record
from tocsin_events.base import Topic
from tocsin_events.envelope import MalformedEvent, UnknownEventType, from_headers
from tocsin_runtime.ids import new_id
from tocsin_runtime.statement import Statement

TRANSIENT_PAUSES = (1, 2, 5, 15, 60)
"""Seconds between tries of what may heal by itself; the last is repeated."""
TRANSIENT_TRIES = 60
PERMANENT_TRIES = 3
NO_KEY = UUID(int=0)
_STATEMENT_TIMEOUT, _READ_ONLY = "57014", "25006"
_MAY_PASS = frozenset({"40001", "40P01", "55P03", "0A000", "42703", "42P01", _STATEMENT_TIMEOUT})
"""Serialization failure, deadlock, lock not available, a table that changed below a prepared statement, a column or a
table that a migration is still to make, time-out."""
_AWAY_CLASSES = frozenset({"08", "53", "57", "58"})
"""Connection lost, out of disk, memory or connections, shutting down, I/O error; a read-only server is a standby."""


@dataclass(frozen=True)
class Parked:
    """One parked event."""

    id: UUID
    record: Record
    attempts: int
    permanent: bool


def is_transient(error: BaseException) -> bool:
    """True for what may heal by itself: the database, the network, time. All else is permanent."""
    if isinstance(error, OperationalError | TimeoutError) or is_unreachable(error):
        return True
    return isinstance(error, DBAPIError) and _state(error) in _MAY_PASS


def is_unreachable(error: BaseException) -> bool:
    """True when the database itself is away: then nothing is parked, for parking needs it; the partition waits."""
    if isinstance(error, InterfaceError) or type(error).__module__.startswith("asyncpg"):
        return True
    if isinstance(error, DBAPIError):
        state = _state(error)
        away = state[:2] in _AWAY_CLASSES or state == _READ_ONLY
        return error.connection_invalidated or (away and state != _STATEMENT_TIMEOUT)
    return isinstance(error, OSError) and not isinstance(error, TimeoutError)


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def event_id_of(record: Record) -> UUID:
    """The event's id; for bytes that have none, one made from where they lie, so that a redelivery is recognised."""
    if record.envelope is not None:
        return record.envelope.id
    return uuid5(NO_KEY, f"{record.partition.topic}/{record.partition.number}/{record.offset}")


async def park(
    conn: AsyncConnection,
    record: Record,
    *,
    consumer: str,
    reason: str,
    attempts: int,
    permanent: bool,
    now: datetime,
) -> None:
    """Keep the record with its bytes as they came. Parking one twice changes nothing."""
    key = record.envelope.key if record.envelope else NO_KEY
    unreadable = record.envelope is None
    pause = timedelta(seconds=TRANSIENT_PAUSES[0])
    await _PARK.run(
        conn,
        id=new_id(),
        consumer=consumer,
        event_id=event_id_of(record),
        key=key,
        topic=record.partition.topic.value,
        type=record.envelope.type if record.envelope else "unreadable",
        partition=record.partition.number,
        record_offset=record.offset,
        headers=orjson.dumps(dict(record.raw_headers)).decode(),
        data=record.raw_data,
        state="waiting",
        permanent=permanent or unreadable,
        attempts=PERMANENT_TRIES if unreadable else attempts,
        next_try_at=now if attempts == 0 or unreadable else now + pause,
        reason=reason[:1000],
    )


async def claim_head(conn: AsyncConnection, consumer: str, *, now: datetime) -> Parked | None:
    """Lock the first parked event of some key whose time has come; None when there is none."""
    row = await _CLAIM.row(conn, consumer=consumer, now=now)
    return _load(row) if row else None


async def finish(conn: AsyncConnection, parked_id: UUID) -> None:
    """It was handled after all."""
    await _FINISH.run(conn, id=parked_id)


async def failed_again(conn: AsyncConnection, parked: Parked, *, error: BaseException, now: datetime) -> bool:
    """Count the try; true when it was the last and the event is dead now."""
    permanent = not is_transient(error)
    attempts = parked.attempts + 1
    dead = attempts >= (PERMANENT_TRIES if permanent else TRANSIENT_TRIES)
    pause = TRANSIENT_PAUSES[min(attempts, len(TRANSIENT_PAUSES)) - 1]
    await _FAILED.run(
        conn,
        id=parked.id,
        attempts=attempts,
        permanent=permanent,
        state="dead" if dead else "waiting",
        next_try_at=now + timedelta(seconds=pause),
        reason=repr(error)[:1000],
    )
    return dead


async def put_off(conn: AsyncConnection, parked: Parked, *, now: datetime) -> None:
    """Ask again in a while, without counting this try."""
    pause = timedelta(seconds=TRANSIENT_PAUSES[-1])
    await _PUT_OFF.run(conn, id=parked.id, next_try_at=now + pause)


def _load(row: Row) -> Parked:
    topic = Topic(row["topic"])
    envelope, problem = None, None
    try:
        envelope = from_headers(row["headers"], topic=topic, data=row["data"])
    except (MalformedEvent, UnknownEventType) as error:
        problem = str(error)
    record = Record(
        Partition(topic, row["partition"]),
        row["record_offset"],
        envelope,
        row["headers"],
        row["data"],
        problem,
    )
    return Parked(row["id"], record, row["attempts"], row["permanent"])


_PARK = Statement(
    "INSERT INTO parked (id, consumer, event_id, key, topic, type, partition, record_offset, headers, data, state,"
    " permanent, attempts, next_try_at, reason) VALUES (:id, :consumer, :event_id, :key, :topic, :type, :partition,"
    " :record_offset, CAST(:headers AS jsonb), :data, :state, :permanent, :attempts, :next_try_at, :reason)"
    " ON CONFLICT (consumer, event_id) DO NOTHING"
)
_CLAIM = Statement(
    "SELECT id, topic, partition, record_offset, headers, data, attempts, permanent FROM parked AS p"
    " WHERE consumer = :consumer AND state = 'waiting' AND next_try_at <= :now"
    f" AND (p.key = CAST('{NO_KEY}' AS uuid) OR NOT EXISTS ("
    " SELECT 1 FROM parked AS before WHERE before.consumer = p.consumer AND before.key = p.key"
    " AND before.state = 'waiting' AND before.position < p.position))"
    " ORDER BY position LIMIT 1 FOR UPDATE SKIP LOCKED"
)
_FINISH = Statement("UPDATE parked SET state = 'done' WHERE id = :id")
_PUT_OFF = Statement("UPDATE parked SET next_try_at = :next_try_at WHERE id = :id AND state = 'waiting'")
_FAILED = Statement(
    "UPDATE parked SET attempts = :attempts, permanent = :permanent, state = :state, next_try_at = :next_try_at,"
    " reason = :reason WHERE id = :id"
)
