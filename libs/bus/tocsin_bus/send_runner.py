"""Runs the sendings of one provider in a queue of their own, so that one bad provider holds up no other (R32)."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import RowMapping, text

from tocsin_bus.breaker import Breaker
from tocsin_bus.parked import is_transient, is_unreachable
from tocsin_bus.sending import GiveUp, Outcome, Outgoing, Provider, Retry, Sending, Sent, Unknown
from tocsin_bus.unit_of_work import Cause, OpenUnitOfWork, UnitOfWork
from tocsin_runtime.clock import monotonic

log = structlog.get_logger("tocsin.sending")
AT_ONCE = 16
DEADLINE = 10.0
LEASE = timedelta(seconds=15)
RECORD_AGAIN = 0.5
PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between tries; the last is repeated, so that a provider that is back is used within 20 s."""


class SendRunner:
    """Claims, sends, records. Two replicas may run one each; a fence decides whose record counts."""

    def __init__(self, provider: Provider, outgoing: Outgoing, open_uow: OpenUnitOfWork) -> None:
        self._provider = provider
        self._outgoing = outgoing
        self._open_uow = open_uow
        self._breaker = Breaker()

    async def run_once(self) -> int:
        """Send what is due; returns how many were tried, or found unwanted."""
        if not self._breaker.allows(monotonic()):
            return 0
        try:
            handled, claimed = await self._claim()
            until = monotonic() + LEASE.total_seconds()
            recorded = [self._carry_out(sending, until=until) for sending in claimed]
            failures = [e for e in await asyncio.gather(*recorded, return_exceptions=True) if e is not None]
        finally:
            self._breaker.probing = False  # the probe is over, whatever came of it
        if failures:
            raise failures[0]
        return handled

    async def _claim(self) -> tuple[int, Sequence[Sending]]:
        """How many rows were looked at, and those of them that are still wanted."""
        limit = 1 if self._breaker.probing else AT_ONCE
        async with self._open_uow() as uow:
            arguments = {
                "provider": self._provider.name,
                "now": uow.now,
                "until": uow.now + LEASE,
                "limit": limit,
            }
            rows = (await uow.conn.execute(_CLAIM, arguments)).mappings().all()
            wanted = []
            for row in rows:
                sending = _load(row)
                uow.cause = Cause(sending.correlation_id)
                if row["expired"] or not await self._outgoing.still_wanted(sending, uow):
                    await uow.conn.execute(_CANCEL, {"id": sending.id, "now": uow.now})
                else:
                    wanted.append(sending)
        return len(rows), wanted

    async def _carry_out(self, sending: Sending, *, until: float) -> None:
        outcome = await self._send(sending)
        if isinstance(outcome, Retry | Unknown) and self._provider.one_place:
            self._breaker.failed(monotonic())
        else:
            self._breaker.succeeded()
        while True:
            try:
                return await self._tell(sending, outcome)
            except Exception as error:
                # What the provider took is sent again if nobody writes it down: try as long as the lease lasts.
                if not (is_unreachable(error) or is_transient(error)) or monotonic() > until:
                    raise
                log.warning("sending.not_recorded_yet", provider=self._provider.name, error=repr(error)[:200])
                await asyncio.sleep(RECORD_AGAIN)

    async def _tell(self, sending: Sending, outcome: Outcome) -> None:
        async with self._open_uow(cause=Cause(sending.correlation_id)) as uow:
            if await self._record(uow, sending, outcome):
                await self._outgoing.recorded(sending, outcome, uow)

    async def _send(self, sending: Sending) -> Outcome:
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._provider.send(sending)
        except TimeoutError:
            return Unknown(f"no answer within {DEADLINE:.0f} s")
        except Exception as error:
            log.exception("sending.client_failed", provider=self._provider.name, sending=str(sending.id))
            return Unknown(repr(error)[:300])

    async def _record(self, uow: UnitOfWork, sending: Sending, outcome: Outcome) -> bool:
        arguments: dict[str, object] = {"id": sending.id, "fence": sending.fence, "now": uow.now}
        match outcome:
            case Sent(provider_id):
                changed = await uow.conn.execute(_SENT, {**arguments, "provider_id": provider_id})
            case GiveUp(reason):
                changed = await uow.conn.execute(_FAILED, {**arguments, "reason": reason[:1000]})
            case Retry(reason) | Unknown(reason):
                after = outcome.after if isinstance(outcome, Retry) else None
                pause = after if after is not None else PAUSES[min(sending.attempt, len(PAUSES)) - 1]
                pause *= random.uniform(1.0, 1.2)  # never before the provider said
                changed = await uow.conn.execute(
                    _AGAIN,
                    {
                        **arguments,
                        "reason": reason[:1000],
                        "next": uow.now + timedelta(seconds=pause),
                        "may_repeat": isinstance(outcome, Unknown),
                    },
                )
        if changed.rowcount == 0:
            log.warning("sending.fenced_off", provider=self._provider.name, sending=str(sending.id))
        return changed.rowcount == 1


def _load(row: RowMapping) -> Sending:
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
_CLAIM = text(
    "WITH due AS (SELECT id, state FROM sendings AS s WHERE provider = :provider AND state IN ('pending', 'sending')"
    " AND next_try_at <= :now AND (order_key IS NULL OR NOT EXISTS (SELECT 1 FROM sendings AS before"
    " WHERE before.order_key = s.order_key AND before.state IN ('pending', 'sending')"
    " AND before.position < s.position))"
    " ORDER BY next_try_at LIMIT :limit FOR UPDATE SKIP LOCKED)"
    " UPDATE sendings AS s SET state = 'sending', attempts = attempts + 1, fence = fence + 1, next_try_at = :until,"
    " may_repeat = s.may_repeat OR due.state = 'sending' FROM due WHERE s.id = due.id"
    " RETURNING s.id, s.provider, s.subject, s.payload, s.idempotency_key, s.attempts, s.fence, s.may_repeat,"
    " s.created_at, s.correlation_id, coalesce(s.not_after < :now, false) AS expired"
)
_CANCEL = text("UPDATE sendings SET state = 'cancelled', finished_at = :now WHERE id = :id")
_FINISH = " WHERE id = :id AND fence = :fence AND state = 'sending'"
_SENT = text(
    "UPDATE sendings SET state = 'sent', provider_id = :provider_id, reason = NULL,"
    " finished_at = :now" + _FINISH
)
_FAILED = text("UPDATE sendings SET state = 'failed', reason = :reason, finished_at = :now" + _FINISH)
_AGAIN = text(
    "UPDATE sendings SET state = 'pending', next_try_at = :next, reason = :reason,"
    " may_repeat = may_repeat OR :may_repeat"
    " WHERE id = :id AND fence = :fence AND state = 'sending' AND CAST(:now AS timestamptz) IS NOT NULL"
)
