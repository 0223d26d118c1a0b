"""Writes deliveries: many at once, in one statement and one commit, on a connection of their own (R1)."""

from asyncio import timeout
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import asyncpg

from tocsin_detector.domain.delivery import STORED, Delivery, Outcome, Refused, Repeats
from tocsin_detector.domain.health import Verdict
from tocsin_runtime.database import Database
from tocsin_runtime.text import clean

WRITE_SECONDS = 2.0
"""How long a write may take before the database counts as away (R2)."""
_DATA_ERRORS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)
_OTHER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that was cut between two messages
    OSError,
    TimeoutError,
)


class DatabaseAway(Exception):
    """Nothing is known to be written; what was under way may have been."""


class Intake:
    """One connection, used by one writer at a time. It connects when first needed, and again after a failure."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: asyncpg.Connection | None = None

    async def write(self, deliveries: Sequence[Delivery], *, again: bool = False) -> list[Outcome]:
        """Write all in one commit and tell, in order, what became of each. Raises DatabaseAway.

        When the database objects to the data, the halves are written apart, until only the guilty one is refused; its
        body is kept as rejected (R4). With `again`, those that an earlier attempt wrote after all are left alone.
        """
        try:
            async with timeout(WRITE_SECONDS):
                if not again:
                    return await self._write(deliveries)
                written = await self._already_written(deliveries)
                fresh = [delivery for delivery in deliveries if delivery.id not in written]
                outcomes = iter(await self._write(fresh))
            return [STORED if delivery.id in written else next(outcomes) for delivery in deliveries]
        except _OTHER_ERRORS as error:
            await self.close(quickly=True)
            raise DatabaseAway(repr(error)[:200]) from error

    async def close(self, *, quickly: bool = False) -> None:
        """Let the connection go; `quickly` without a word to the server."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if quickly:
            connection.terminate()
            return
        with suppress(*_OTHER_ERRORS):  # whatever it was, the connection is gone
            await connection.close(timeout=WRITE_SECONDS)

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._database.raw()
            await self._connection.execute("SET synchronous_commit = on")
        return self._connection

    async def _write(self, deliveries: Sequence[Delivery]) -> list[Outcome]:
        if not deliveries:
            return []
        try:
            if any(delivery.sender_id is not None for delivery in deliveries):
                return await self._insert_once(deliveries)
            await self._insert(deliveries)
            return [STORED] * len(deliveries)
        except _DATA_ERRORS as error:
            if len(deliveries) == 1:
                return [await self._refuse(deliveries[0], error)]
        middle = len(deliveries) // 2
        return [*await self._write(deliveries[:middle]), *await self._write(deliveries[middle:])]

    async def _refuse(self, delivery: Delivery, error: Exception) -> Refused:
        reason = f"the database did not take it: {clean(str(error))[:300]}"
        kept = replace(
            delivery,
            verdict=Verdict.REJECTED,
            reason=reason,
            accepted=0,
            ignored=0,
            signals=None,
            content_type=None,
        )
        try:
            await self._insert([kept])
        except _DATA_ERRORS:
            return Refused(reason, kept=False)
        return Refused(reason, kept=True)

    async def _insert(self, deliveries: Sequence[Delivery]) -> None:
        connection = await self._connected()
        if all(delivery.is_plain for delivery in deliveries):
            if _are_alike(deliveries):
                await connection.execute(_INSERT_ALIKE, *_alike_columns(deliveries))
            else:
                await connection.execute(_INSERT_PLAIN, *_plain_columns(deliveries))
            return
        waiting = [delivery for delivery in deliveries if delivery.signals is not None]
        rows = _delivery_columns(deliveries)
        if waiting:
            await connection.execute(_INSERT_BOTH, *rows, *_waiting_columns(waiting))
        else:
            await connection.execute(_INSERT, *rows)

    async def _insert_once(self, deliveries: Sequence[Delivery]) -> list[Outcome]:
        """Those whose sender's id is known are written as duplicates, and get the first receipt (R6)."""
        connection = await self._connected()
        async with connection.transaction():
            first = _first_of_each(deliveries)
            await connection.execute(_CLAIM, *_receipt_columns(list(first.values())))
            known = await self._receipts(connection, list(first))
            outcomes: list[Outcome] = []
            rows = []
            for delivery in deliveries:
                receipt = known.get((delivery.integration_id, delivery.sender_id or ""))
                if receipt is None or receipt["delivery_id"] == delivery.id:
                    outcomes.append(STORED)
                    rows.append(delivery)
                else:
                    outcomes.append(
                        Repeats(receipt["answer"], receipt["body_digest"] == delivery.body_digest)
                    )
                    rows.append(_as_duplicate(delivery, receipt["delivery_id"]))
            await self._insert(rows)
        return outcomes

    async def _receipts(
        self, connection: asyncpg.Connection, keys: Sequence[tuple[UUID, str]]
    ) -> dict[tuple[UUID, str], asyncpg.Record]:
        rows = await connection.fetch(_RECEIPTS, [key[0] for key in keys], [key[1] for key in keys])
        return {(row["integration_id"], row["sender_id"]): row for row in rows}

    async def _already_written(self, deliveries: Sequence[Delivery]) -> frozenset[UUID]:
        connection = await self._connected()
        rows = await connection.fetch(_WRITTEN, [d.id for d in deliveries])
        return frozenset(row["id"] for row in rows)


def _first_of_each(deliveries: Sequence[Delivery]) -> dict[tuple[UUID, str], Delivery]:
    """The first delivery of each sender's id to be remembered, in key order, so that no two writers deadlock."""
    first: dict[tuple[UUID, str], Delivery] = {}
    for delivery in deliveries:
        if delivery.sender_id is not None and delivery.verdict is not Verdict.REJECTED:
            first.setdefault((delivery.integration_id, delivery.sender_id), delivery)
    return dict(sorted(first.items()))


def _as_duplicate(delivery: Delivery, first: UUID) -> Delivery:
    return replace(
        delivery,
        verdict=Verdict.DUPLICATE,
        reason=f"repeats delivery {first}",
        accepted=0,
        ignored=0,
        signals=None,
    )


def _are_alike(deliveries: Sequence[Delivery]) -> bool:
    """Whether one sender sent them all, each with as many alerts, and none as part of a trace."""
    first = deliveries[0]
    sender, road, accepted, kind = first.integration_id, first.road, first.accepted, first.content_type
    return all(
        d.integration_id is sender
        and d.accepted == accepted
        and d.road is road
        and d.content_type == kind
        and d.traceparent is None
        for d in deliveries
    )


def _alike_columns(deliveries: Sequence[Delivery]) -> list[object]:
    first = deliveries[0]
    return [
        [d.id for d in deliveries],
        [d.received_at for d in deliveries],
        [d.body for d in deliveries],
        [d.signals for d in deliveries],
        first.integration_id,
        first.road,
        first.accepted,
        first.content_type,
        first.lane,
    ]


def _plain_columns(deliveries: Sequence[Delivery]) -> list[list[object]]:
    return [
        [d.id for d in deliveries],
        [d.integration_id for d in deliveries],
        [d.received_at for d in deliveries],
        [d.road for d in deliveries],
        [d.accepted for d in deliveries],
        [d.content_type for d in deliveries],
        [d.body for d in deliveries],
        [d.lane for d in deliveries],
        [d.signals for d in deliveries],
        [d.traceparent for d in deliveries],
    ]


def _delivery_columns(deliveries: Sequence[Delivery]) -> list[list[object]]:
    return [
        [d.id for d in deliveries],
        [d.integration_id for d in deliveries],
        [d.received_at for d in deliveries],
        [d.road for d in deliveries],
        [d.verdict for d in deliveries],
        [d.reason for d in deliveries],
        [d.accepted for d in deliveries],
        [d.ignored for d in deliveries],
        [d.replay_of for d in deliveries],
        [d.content_type for d in deliveries],
        [d.body for d in deliveries],
        [d.body_missing for d in deliveries],
        [d.times for d in deliveries],
        [d.traceparent for d in deliveries],
    ]


def _waiting_columns(deliveries: Sequence[Delivery]) -> list[list[object]]:
    return [
        [d.lane for d in deliveries],
        [d.id for d in deliveries],
        [d.integration_id for d in deliveries],
        [d.received_at for d in deliveries],
        [d.signals for d in deliveries],
        [d.traceparent for d in deliveries],
    ]


def _receipt_columns(deliveries: Sequence[Delivery]) -> list[list[object]]:
    return [
        [d.integration_id for d in deliveries],
        [d.sender_id for d in deliveries],
        [d.id for d in deliveries],
        [d.received_at for d in deliveries],
        [d.body_digest for d in deliveries],
        [d.answer for d in deliveries],
    ]


_INSERT_PLAIN = (
    "WITH come AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::int[], $6::text[],"
    " $7::bytea[], $8::smallint[], $9::bytea[], $10::text[])"
    " AS new(id, sender, at, road, accepted, type, body, lane, signals, trace)),"
    " kept AS (INSERT INTO deliveries (id, integration_id, received_at, road, verdict, accepted, ignored, content_type,"
    " body, traceparent) SELECT id, sender, at, road, 'accepted', accepted, 0, type, body, trace FROM come)"
    " INSERT INTO waiting (lane, delivery_id, integration_id, received_at, signals, traceparent)"
    " SELECT lane, id, sender, at, signals, trace FROM come"
)
"""For a batch of nothing but ordinary deliveries, which is nearly every batch: half as many arrays to encode."""
_INSERT_ALIKE = (
    "WITH come AS (SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::bytea[], $4::bytea[])"
    " AS new(id, at, body, signals)),"
    " kept AS (INSERT INTO deliveries (id, integration_id, received_at, road, verdict, accepted, ignored, content_type,"
    " body) SELECT id, $5::uuid, at, $6::text, 'accepted', $7::int, 0, $8::text, body FROM come)"
    " INSERT INTO waiting (lane, delivery_id, integration_id, received_at, signals)"
    " SELECT $9::smallint, id, $5::uuid, at, signals FROM come"
)
"""For such a batch of one sender's: of four arrays the rest of them is told once."""
_INSERT = (
    "INSERT INTO deliveries (id, integration_id, received_at, road, verdict, reason, accepted, ignored, replay_of,"
    " content_type, body, body_missing, times, traceparent) SELECT * FROM unnest($1::uuid[], $2::uuid[],"
    " $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::int[], $8::int[], $9::uuid[], $10::text[],"
    " $11::bytea[], $12::text[], $13::int[], $14::text[])"
)
_INSERT_BOTH = (
    f"WITH kept AS ({_INSERT})"
    " INSERT INTO waiting (lane, delivery_id, integration_id, received_at, signals, traceparent)"
    " SELECT * FROM unnest($15::smallint[], $16::uuid[], $17::uuid[], $18::timestamptz[], $19::bytea[], $20::text[])"
)
_WRITTEN = "SELECT id FROM deliveries WHERE id = ANY($1::uuid[])"
_CLAIM = (
    "INSERT INTO receipts AS r (integration_id, sender_id, delivery_id, received_at, body_digest, answer)"
    " SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[], $5::bytea[], $6::bytea[])"
    " ON CONFLICT (integration_id, sender_id) DO UPDATE SET delivery_id = excluded.delivery_id,"
    " received_at = excluded.received_at, body_digest = excluded.body_digest, answer = excluded.answer"
    " WHERE r.received_at < excluded.received_at - interval '24 hours'"
)
_RECEIPTS = (
    "SELECT r.integration_id, r.sender_id, r.delivery_id, r.body_digest, r.answer FROM receipts r"
    " JOIN unnest($1::uuid[], $2::text[]) AS k(integration_id, sender_id) USING (integration_id, sender_id)"
)
