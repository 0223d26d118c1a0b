"""The table of sendings: claimed under a lease, recorded under a fence (R29)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from asyncpg import Record

from tocsin_bus.sending import GiveUp, Outcome, Retry, Sending, Sent, Unknown
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_runtime.statement import Statement

LEASE = timedelta(seconds=5)
"""For so long a claim stands after its owner last renewed it: then the owner is dead, and another sends it."""
LONGEST_REASON = 1000


@dataclass(frozen=True)
class Claimed:
    """A sending that this process may carry out until its lease ends.

    `expired` says that it is past its use, `ordered` that others may wait for its end.
    """

    sending: Sending
    expired: bool
    ordered: bool


async def claim(uow: UnitOfWork, *, provider: str, limit: int) -> list[Claimed]:
    """Take what is due, what was left behind by a dead process included, the longest due first."""
    rows = await _CLAIM.rows(uow.conn, provider=provider, now=uow.now, until=uow.now + LEASE, limit=limit)
    return [Claimed(_load(row), row["expired"], row["ordered"]) for row in rows]


async def renew(uow: UnitOfWork, sendings: Sequence[Sending]) -> None:
    """Their owner lives and is still at it."""
    ids, fences = [s.id for s in sendings], [s.fence for s in sendings]
    await _RENEW.run(uow.conn, ids=ids, fences=fences, until=uow.now + LEASE)


async def cancel(uow: UnitOfWork, sending_id: UUID) -> None:
    """It is not wanted any more."""
    await _CANCEL.run(uow.conn, id=sending_id, now=uow.now)


async def record(uow: UnitOfWork, sending: Sending, outcome: Outcome, *, pause: float) -> bool:
    """Write what became of this try; False when another has taken the sending over meanwhile.

    What is to be tried again is due in `pause` seconds.
    """
    arguments = {"id": sending.id, "fence": sending.fence}
    match outcome:
        case Sent(provider_id):
            changed = await _SENT.run(uow.conn, **arguments, now=uow.now, provider_id=provider_id)
        case GiveUp(reason):
            changed = await _FAILED.run(uow.conn, **arguments, now=uow.now, reason=reason[:LONGEST_REASON])
        case Retry(reason) | Unknown(reason):
            changed = await _AGAIN.run(
                uow.conn,
                **arguments,
                reason=reason[:LONGEST_REASON],
                next=uow.now + timedelta(seconds=pause),
                may_repeat=isinstance(outcome, Unknown),
            )
    return changed == 1


def _load(row: Record) -> Sending:
    return Sending(
        id=row["id"],
        provider=row["provider"],
        subject=row["subject"],
        payload=row["payload"],
        idempotency_key=row["idempotency_key"],
        attempt=row["attempts"],
        fence=row["fence"],
        may_repeat=row["may_repeat"],
        created_at=row["created_at"],
        correlation_id=row["correlation_id"],
    )


# `next_try_at` is the lease's end while a row is `sending`: one index finds what is due and what was left behind.
_CLAIM = Statement(
    "WITH due AS (SELECT id, state FROM sendings AS s WHERE provider = :provider AND state IN ('pending', 'sending')"
    " AND next_try_at <= :now AND (order_key IS NULL OR NOT EXISTS (SELECT 1 FROM sendings AS before"
    " WHERE before.order_key = s.order_key AND before.state IN ('pending', 'sending')"
    " AND before.position < s.position))"
    " ORDER BY next_try_at LIMIT :limit FOR UPDATE SKIP LOCKED)"
    " UPDATE sendings AS s SET state = 'sending', attempts = attempts + 1, fence = fence + 1, next_try_at = :until,"
    " may_repeat = s.may_repeat OR due.state = 'sending' FROM due WHERE s.id = due.id"
    " RETURNING s.id, s.provider, s.subject, s.payload, s.idempotency_key, s.attempts, s.fence, s.may_repeat,"
    " s.created_at, s.correlation_id, coalesce(s.not_after < :now, false) AS expired,"
    " s.order_key IS NOT NULL AS ordered"
)
_RENEW = Statement(
    "UPDATE sendings AS s SET next_try_at = :until"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS integer[])) AS mine(id, fence)"
    " WHERE s.id = mine.id AND s.fence = mine.fence AND s.state = 'sending'"
)
_CANCEL = Statement("UPDATE sendings SET state = 'cancelled', finished_at = :now WHERE id = :id")
_MINE = " WHERE id = :id AND fence = :fence AND state = 'sending'"
_SENT = Statement(
    "UPDATE sendings SET state = 'sent', provider_id = :provider_id, reason = NULL, finished_at = :now"
    + _MINE
)
_FAILED = Statement("UPDATE sendings SET state = 'failed', reason = :reason, finished_at = :now" + _MINE)
_AGAIN = Statement(
    "UPDATE sendings SET state = 'pending', next_try_at = :next, reason = :reason,"
    " may_repeat = may_repeat OR :may_repeat" + _MINE
)
