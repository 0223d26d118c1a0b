"""The table of sendings: claimed under a lease, recorded under a fence (R29)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from asyncpg import Record

from tocsin_bus.destinations import Offer
from tocsin_bus.sending import LEASE, NOW, UNTIL, GiveUp, Retry, Sending, Sent, Tried, Unknown
from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_runtime.statement import Statement

FRESH = timedelta(milliseconds=250)
"""For so long after a claim its sending may begin; later only after `claim_anew`, and a look whether it is wanted."""
LONGEST_REASON = 1000
NOBODY_TAKES_IT = timedelta(seconds=1)
"""What has been due for so long is taken by no other replica either."""
LOOKED_AT = 4
"""How many of what is due are looked at for each that may be begun, so that one place's do not hide the others'."""


@dataclass(frozen=True)
class Claimed:
    """A sending that this process may carry out until its lease ends.

    `expired` says that it is past its use, `ordered` that others may wait for its end.
    """

    sending: Sending
    expired: bool
    ordered: bool


@dataclass(frozen=True)
class Haul:
    """What was claimed of what is due, the longest due first.

    `missed` says that more would have fitted: the limit was reached, or another replica is at it. `crowded` says that
    more is due to some place than there was room for; `beyond`, that nobody has looked at all that is due.
    """

    claimed: list[Claimed] = field(default_factory=list)
    missed: bool = False
    crowded: bool = False
    beyond: bool = False


async def claim(uow: UnitOfWork, offer: Offer, *, provider: str) -> Haul:
    """Take what is due as far as the offer goes, what was left behind by a dead process included."""
    wanted = {"provider": provider, "now": uow.fixed_now, "lease": LEASE, "limit": offer.limit}
    if offer.is_plain:
        claimed = _claimed(await _CLAIM.rows(uow.conn, **wanted))
        return Haul(claimed, missed=len(claimed) == offer.limit)
    looked_at = offer.limit * LOOKED_AT
    rows = await _CLAIM_BY_PLACE.rows(
        uow.conn,
        **wanted,
        looked_at=looked_at,
        each=offer.each,
        closed=offer.closed,
        places=list(offer.room),
        rooms=list(offer.room.values()),
    )
    claimed = _claimed(row for row in rows if row["id"] is not None)
    seen, fitting = rows[0]["seen"], rows[0]["fitting"]
    return Haul(
        claimed,
        missed=fitting > len(claimed),
        crowded=seen > fitting,
        beyond=bool(seen) and seen == looked_at,
    )


async def take_stalled(uow: UnitOfWork, *, provider: str, destinations: Sequence[str]) -> Sending | None:
    """Return one that has been due for a while to one of these places, and of which this was not said yet."""
    row = await _STALLED.row(
        uow.conn, provider=provider, destinations=list(destinations), before=uow.now - NOBODY_TAKES_IT
    )
    return _load(row) if row else None


async def renew(uow: UnitOfWork, sendings: Sequence[Sending]) -> None:
    """Their owner lives and is still at it."""
    ids, fences = [s.id for s in sendings], [s.fence for s in sendings]
    await _RENEW.run(uow.conn, ids=ids, fences=fences, now=uow.fixed_now, lease=LEASE)


async def claim_anew(uow: UnitOfWork, sending: Sending) -> bool:
    """Claim now what is claimed already but has not begun; False when another has it meanwhile."""
    changed = await _CLAIM_ANEW.run(
        uow.conn, id=sending.id, fence=sending.fence, now=uow.fixed_now, lease=LEASE
    )
    return changed == 1


async def cancel(uow: UnitOfWork, sending_ids: Sequence[UUID]) -> None:
    """They are not wanted any more."""
    if sending_ids:
        await _CANCEL.run(uow.conn, ids=list(sending_ids), now=uow.now)


async def record(uow: UnitOfWork, tried: Sequence[Tried]) -> list[Tried]:
    """Write what became of these tries; returns those whose sending nobody else has taken over meanwhile."""
    sent = [one for one in tried if isinstance(one.outcome, Sent)]
    mine = await _record_sent(uow, sent) if sent else set()
    for one in tried:
        if not isinstance(one.outcome, Sent) and await _record_unsent(uow, one):
            mine.add((one.sending.id, one.sending.fence))
    return [one for one in tried if (one.sending.id, one.sending.fence) in mine]


async def _record_sent(uow: UnitOfWork, tried: Sequence[Tried]) -> set[tuple[UUID, int]]:
    """Whose they were, with the fence: a try that was overtaken may stand beside the one that overtook it."""
    rows = await _SENT.rows(
        uow.conn,
        ids=[one.sending.id for one in tried],
        fences=[one.sending.fence for one in tried],
        provider_ids=[one.outcome.provider_id for one in tried if isinstance(one.outcome, Sent)],
        now=uow.now,
    )
    return {(row["id"], row["fence"]) for row in rows}


async def _record_unsent(uow: UnitOfWork, tried: Tried) -> bool:
    mine = {"id": tried.sending.id, "fence": tried.sending.fence}
    match tried.outcome:
        case GiveUp(reason):
            changed = await _FAILED.run(uow.conn, **mine, now=uow.now, reason=reason[:LONGEST_REASON])
        case Retry(reason) | Unknown(reason):
            changed = await _AGAIN.run(
                uow.conn,
                **mine,
                reason=reason[:LONGEST_REASON],
                next=uow.now + timedelta(seconds=tried.pause),
                may_repeat=isinstance(tried.outcome, Unknown),
            )
        case Sent():
            raise ValueError("what was sent is recorded with its like")
    return changed == 1


def _claimed(rows: Iterable[Record]) -> list[Claimed]:
    return [Claimed(_load(row), row["expired"], row["ordered"]) for row in rows]


def _load(row: Record) -> Sending:
    return Sending(
        id=row["id"],
        provider=row["provider"],
        destination=row["destination"],
        subject=row["subject"],
        payload=row["payload"],
        idempotency_key=row["idempotency_key"],
        attempt=row["attempts"],
        fence=row["fence"],
        may_repeat=row["may_repeat"],
        created_at=row["created_at"],
        cause=Cause(row["correlation_id"], row["causation_id"], row["traceparent"]),
    )


# `next_try_at` is the lease's end while a row is `sending`: one index finds what is due and what was left behind.
_DUE = (
    f"s.provider = :provider AND s.state IN ('pending', 'sending') AND s.next_try_at <= {NOW}"
    " AND (s.order_key IS NULL OR NOT EXISTS (SELECT 1 FROM sendings AS before"
    " WHERE before.order_key = s.order_key AND before.state IN ('pending', 'sending')"
    " AND before.position < s.position))"
)
_COLUMNS = (
    "s.id, s.provider, s.destination, s.subject, s.payload, s.idempotency_key, s.attempts, s.fence, s.may_repeat,"
    " s.created_at, s.correlation_id, s.causation_id, s.traceparent"
)
_TAKE = (
    f"UPDATE sendings AS s SET state = 'sending', attempts = attempts + 1, fence = fence + 1, next_try_at = {UNTIL},"
    f" claimed_at = {NOW}, may_repeat = s.may_repeat OR due.state = 'sending', stalled = false"
    " FROM due WHERE s.id = due.id"
    f" RETURNING {_COLUMNS}, coalesce(s.not_after < {NOW}, false) AS expired, s.order_key IS NOT NULL AS ordered"
)
_CLAIM = Statement(
    f"WITH due AS (SELECT s.id, s.state FROM sendings AS s WHERE {_DUE}"
    f" ORDER BY s.next_try_at LIMIT :limit FOR UPDATE SKIP LOCKED) {_TAKE}"
)
_CLAIM_BY_PLACE = Statement(
    f"WITH first AS (SELECT s.id, s.destination, s.next_try_at FROM sendings AS s WHERE {_DUE}"
    " AND s.destination <> ALL(CAST(:closed AS text[])) ORDER BY s.next_try_at LIMIT :looked_at),"
    " head AS (SELECT first.id, row_number() OVER (PARTITION BY first.destination ORDER BY first.next_try_at)"
    " <= coalesce(known.room, :each) AS fits FROM first LEFT JOIN"
    " unnest(CAST(:places AS text[]), CAST(:rooms AS integer[])) AS known(destination, room)"
    " ON known.destination = first.destination),"
    " due AS (SELECT s.id, s.state FROM sendings AS s JOIN head ON head.id = s.id WHERE head.fits"
    f" AND s.state IN ('pending', 'sending') AND s.next_try_at <= {NOW}"
    " ORDER BY s.next_try_at LIMIT :limit FOR UPDATE OF s SKIP LOCKED),"
    f" claimed AS ({_TAKE})"
    " SELECT claimed.*, counted.* FROM (SELECT count(*) AS seen, count(*) FILTER (WHERE fits) AS fitting FROM head)"
    " AS counted LEFT JOIN claimed ON true"
)
_STALLED = Statement(
    "UPDATE sendings AS s SET stalled = true WHERE s.id = (SELECT id FROM sendings WHERE provider = :provider"
    " AND state = 'pending' AND next_try_at <= :before AND destination = ANY(CAST(:destinations AS text[]))"
    f" AND NOT stalled ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING {_COLUMNS}"
)
# A renewal passes over what is being recorded just now: waiting for one would let the claims of all others lapse.
_RENEW = Statement(
    "WITH mine AS (SELECT s.id FROM sendings AS s"
    " JOIN unnest(CAST(:ids AS uuid[]), CAST(:fences AS integer[])) AS held(id, fence)"
    " ON s.id = held.id AND s.fence = held.fence WHERE s.state = 'sending' FOR UPDATE OF s SKIP LOCKED)"
    f" UPDATE sendings AS s SET next_try_at = {UNTIL} FROM mine WHERE s.id = mine.id"
)
_CANCEL = Statement(
    "UPDATE sendings SET state = 'cancelled', finished_at = :now WHERE id = ANY(CAST(:ids AS uuid[]))"
)
_MINE = " WHERE id = :id AND fence = :fence AND state = 'sending'"
_CLAIM_ANEW = Statement(f"UPDATE sendings SET claimed_at = {NOW}, next_try_at = {UNTIL}" + _MINE)
_SENT = Statement(
    "WITH mine AS (SELECT s.id, held.provider_id FROM sendings AS s"
    " JOIN unnest(CAST(:ids AS uuid[]), CAST(:fences AS integer[]), CAST(:provider_ids AS text[]))"
    " AS held(id, fence, provider_id) ON s.id = held.id AND s.fence = held.fence"
    " WHERE s.state = 'sending' ORDER BY s.id FOR UPDATE OF s)"
    " UPDATE sendings AS s SET state = 'sent', provider_id = mine.provider_id, reason = NULL, finished_at = :now"
    " FROM mine WHERE s.id = mine.id RETURNING s.id, s.fence"
)
_FAILED = Statement("UPDATE sendings SET state = 'failed', reason = :reason, finished_at = :now" + _MINE)
_AGAIN = Statement(
    "UPDATE sendings SET state = 'pending', next_try_at = :next, reason = :reason,"
    " may_repeat = may_repeat OR :may_repeat" + _MINE
)
