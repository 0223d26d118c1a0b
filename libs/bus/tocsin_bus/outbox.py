"""The outbox: events wait in the transaction that caused them until the bus has them (R2, R7, R8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from asyncpg import Record
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_events.base import Topic
from tocsin_events.envelope import SOURCE_PREFIX, Envelope
from tocsin_runtime.statement import Statement
from tocsin_runtime.writes import Write

LANES = 4
"""Keys are spread over lanes; a lane has one relay at a time and one batch under way."""
JUST_NOW = 60
"""Seconds for which an event counts as just published; a consumer that is further behind is an alarm of its own."""
MOST_JUST_PUBLISHED = 5000


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event in the outbox that the bus has not acknowledged yet."""

    day: date
    position: int
    lane: int
    envelope: Envelope


def lane_of(key: UUID) -> int:
    """The lane in which a key keeps its order. UUIDv7 is random at its end, so the last bits spread well."""
    return key.int % LANES


def added(envelopes: Sequence[Envelope]) -> Write:
    """Adds events in the order given; one statement however many they are."""
    columns = {
        "lanes": [lane_of(e.key) for e in envelopes],
        "topics": [e.topic.value for e in envelopes],
        "keys": [e.key for e in envelopes],
        "ids": [e.id for e in envelopes],
        "types": [e.type for e in envelopes],
        "times": [e.occurred_at for e in envelopes],
        "correlations": [e.correlation_id for e in envelopes],
        "causations": [e.causation_id for e in envelopes],
        "traces": [e.traceparent for e in envelopes],
        "datas": [e.data for e in envelopes],
    }
    return Write(_ADD, columns)


async def unpublished(
    conn: AsyncConnection, *, lanes: Sequence[int], limit: int, service: str
) -> list[Waiting]:
    """The oldest events of these lanes that no broker has acknowledged, oldest first."""
    rows = await _UNPUBLISHED.rows(conn, lanes=list(lanes), limit=limit)
    return [_load(row, service) for row in rows]


async def mark_published(conn: AsyncConnection, waiting: Sequence[Waiting]) -> None:
    """The broker has them."""
    await _mark(_MARK, conn, waiting)


async def not_bypassed(
    conn: AsyncConnection, *, lanes: Sequence[int], limit: int, service: str
) -> list[Waiting]:
    """The oldest unpublished events of these lanes that have not gone round the bus yet (R22)."""
    rows = await _NOT_BYPASSED.rows(conn, lanes=list(lanes), limit=limit)
    return [_load(row, service) for row in rows]


async def just_published(conn: AsyncConnection, *, lanes: Sequence[int], service: str) -> list[Waiting]:
    """The last events that the broker took of these lanes, oldest first, unless they have gone round the bus.

    A broker that has just gone away may hold them where nobody can read them.
    """
    rows = await _JUST_PUBLISHED.rows(conn, lanes=list(lanes))
    return [_load(row, service) for row in rows]


async def mark_bypassed(conn: AsyncConnection, waiting: Sequence[Waiting]) -> None:
    """The next service has them already; they stay unpublished and go to the broker later."""
    await _mark(_MARK_BYPASSED, conn, waiting)


OLDEST_AGE = (
    "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(occurred_at)), 0)::float8"
    " FROM outbox WHERE published_at IS NULL"
)
"""Seconds for which the oldest unpublished event has waited; 0 when none waits. The first health figure (R10)."""


async def oldest_age(conn: AsyncConnection) -> float:
    """What `OLDEST_AGE` says."""
    age: float = await _AGE.value(conn)
    return age


async def _mark(statement: Statement, conn: AsyncConnection, waiting: Sequence[Waiting]) -> None:
    """Day by day, most often one: a day in the condition spares the planning for sixteen partitions each time."""
    for day in sorted({w.day for w in waiting}):
        await statement.run(conn, day=day, positions=[w.position for w in waiting if w.day == day])


def _load(row: Record, service: str) -> Waiting:
    envelope = Envelope(
        id=row["id"],
        type=row["type"],
        source=SOURCE_PREFIX + service,
        topic=Topic(row["topic"]),
        key=row["key"],
        occurred_at=row["occurred_at"],
        data=row["data"],
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
        traceparent=row["traceparent"],
    )
    return Waiting(row["day"], row["position"], row["lane"], envelope)


_ADD = Statement(
    "INSERT INTO outbox (lane, topic, key, id, type, occurred_at, correlation_id, causation_id, traceparent, data)"
    " SELECT * FROM unnest(CAST(:lanes AS smallint[]), CAST(:topics AS text[]), CAST(:keys AS uuid[]),"
    " CAST(:ids AS uuid[]), CAST(:types AS text[]), CAST(:times AS timestamptz[]), CAST(:correlations AS uuid[]),"
    " CAST(:causations AS uuid[]), CAST(:traces AS text[]), CAST(:datas AS bytea[]))"
)
_COLUMNS = (
    "day, position, lane, topic, key, id, type, occurred_at, correlation_id, causation_id, traceparent, data"
)
_SELECT = (
    f"SELECT {_COLUMNS} FROM outbox WHERE published_at IS NULL AND lane = ANY(CAST(:lanes AS smallint[]))"
)
_UNPUBLISHED = Statement(_SELECT + " ORDER BY position LIMIT :limit")
_NOT_BYPASSED = Statement(_SELECT + " AND bypassed_at IS NULL ORDER BY position LIMIT :limit")
# The newest rows by the primary key; there is no index on when they were published, which every mark would pay for.
_JUST_PUBLISHED = Statement(
    f"SELECT {_COLUMNS} FROM (SELECT * FROM outbox WHERE day >= CURRENT_DATE - 1"
    f" ORDER BY day DESC, position DESC LIMIT {MOST_JUST_PUBLISHED}) AS newest"
    f" WHERE published_at > now() - interval '{JUST_NOW} seconds' AND bypassed_at IS NULL"
    " AND lane = ANY(CAST(:lanes AS smallint[])) ORDER BY position"
)
_DONE = " WHERE day = :day AND position = ANY(CAST(:positions AS bigint[]))"
# Nobody waits for the disk: a mark that a crash takes away means that the event goes out again, and is known there.
# Marks after it are gone as well, so that the order stays.
_MARK = Statement(
    "UPDATE outbox SET published_at = now()"
    " FROM (SELECT set_config('synchronous_commit', 'off', true)) AS lazily" + _DONE
)
_MARK_BYPASSED = Statement("UPDATE outbox SET bypassed_at = now()" + _DONE)
_AGE = Statement(OLDEST_AGE)
