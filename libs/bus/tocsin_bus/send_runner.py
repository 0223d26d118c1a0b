"""Runs the sendings of one provider in a queue of their own, so that one bad provider holds up no other (R32)."""

import asyncio
import random
from collections.abc import Callable

import structlog

from tocsin_bus.breaker import Breaker
from tocsin_bus.parked import is_transient, is_unreachable
from tocsin_bus.sending import Outcome, Outgoing, Provider, Retry, Sending, Sent, Unknown
from tocsin_bus.sending_rows import Claimed, cancel, claim, record, renew
from tocsin_bus.unit_of_work import Cause, OpenUnitOfWork
from tocsin_runtime.clock import monotonic

log = structlog.get_logger("tocsin.sending")
AT_ONCE = 16
DEADLINE = 10.0
RENEW_EVERY = 1.5
RECORD_AGAIN, RECORD_WITHIN = 0.5, 15.0
PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between tries; the last is repeated, so that a provider that is back is used within 20 s."""


class SendRunner:
    """Claims, sends, records. Two replicas may run one each; a fence decides whose record counts.

    Up to `AT_ONCE` sendings are under way; one that hangs holds up none of the others.
    """

    def __init__(
        self,
        provider: Provider,
        outgoing: Outgoing,
        open_uow: OpenUnitOfWork,
        *,
        on_free: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_free` is called when one has ended for which others may have waited."""
        self._provider = provider
        self._outgoing = outgoing
        self._open_uow = open_uow
        self._on_free = on_free
        self._breaker = Breaker()
        self._flights: dict[asyncio.Task[None], Sending] = {}
        self._renewing: asyncio.Task[None] | None = None
        self._more = False

    async def turn(self) -> int:
        """Begin to send what is due; returns more than 0 when there may be more, and places for it."""
        free = AT_ONCE - len(self._flights)
        if free <= 0:
            return 0
        handled, flights = await self._take_off(free)
        self._more = handled >= free
        return free - len(flights) if self._more else 0

    async def run_once(self) -> int:
        """Send what is due and wait until it is recorded; returns how many were tried, or found unwanted.

        Raises what kept an outcome from being recorded.
        """
        handled, flights = await self._take_off(AT_ONCE)
        for failure in await asyncio.gather(*flights, return_exceptions=True):
            if isinstance(failure, BaseException):
                raise failure
        return handled

    async def finish(self) -> None:
        """Wait until everything under way has ended."""
        while self._flights:
            await asyncio.wait(list(self._flights))
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)

    async def _take_off(self, free: int) -> tuple[int, list[asyncio.Task[None]]]:
        if not self._breaker.allows(monotonic()):
            return 0, []
        probing, claimed = self._breaker.probing, list[Claimed]()
        try:
            handled, claimed = await self._claim(1 if probing else free)
        finally:
            if not claimed:
                self._breaker.probing = False  # there was nothing to probe with
        return handled, [self._send_off(one, awaited=probing or one.ordered) for one in claimed]

    def _send_off(self, one: Claimed, *, awaited: bool) -> asyncio.Task[None]:
        flight = asyncio.create_task(self._fly(one.sending))
        self._flights[flight] = one.sending
        flight.add_done_callback(lambda done: self._landed(done, awaited=awaited))
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._keep_claims(), name=f"claims-{self._provider.name}")
        return flight

    async def _keep_claims(self) -> None:
        """A provider may take its time; a process that is killed is followed soon all the same."""
        while True:
            await asyncio.sleep(RENEW_EVERY)
            if not self._flights:
                return
            try:
                async with self._open_uow() as uow:
                    await renew(uow, list(self._flights.values()))
            except Exception as error:  # noqa: BLE001 - a claim that is not renewed lapses, and the fence tells
                log.warning(
                    "sending.claims_not_renewed", provider=self._provider.name, error=repr(error)[:200]
                )

    def _landed(self, flight: asyncio.Task[None], *, awaited: bool) -> None:
        self._flights.pop(flight, None)
        worthwhile = self._more and AT_ONCE - len(self._flights) >= AT_ONCE // 4
        error = None if flight.cancelled() else flight.exception()
        if error is not None:
            log.error("sending.not_recorded", provider=self._provider.name, error=repr(error)[:300])
        if worthwhile or awaited:
            self._on_free()

    async def _claim(self, limit: int) -> tuple[int, list[Claimed]]:
        """How many rows were looked at, and those of them that are still wanted."""
        try:
            return await self._ask(limit)
        except Exception as error:
            if is_unreachable(error) or is_transient(error):
                raise
            log.exception("sending.question_failed", provider=self._provider.name)
        try:
            return await self._ask(1)
        except Exception as error:
            if is_unreachable(error) or is_transient(error):
                raise
            # Nobody can say whether this one is wanted: better a page too many than a night without.
            return await self._ask(1, unasked=True)

    async def _ask(self, limit: int, *, unasked: bool = False) -> tuple[int, list[Claimed]]:
        async with self._open_uow() as uow:
            rows = await claim(uow, provider=self._provider.name, limit=limit)
            wanted = []
            for row in rows:
                uow.cause = Cause(row.sending.correlation_id)
                if row.expired or not (unasked or await self._outgoing.still_wanted(row.sending, uow)):
                    await cancel(uow, row.sending.id)
                else:
                    wanted.append(row)
        return len(rows), wanted

    async def _fly(self, sending: Sending) -> None:
        outcome = await self._send(sending)
        until = monotonic() + RECORD_WITHIN
        if isinstance(outcome, Retry | Unknown) and self._provider.one_place:
            self._breaker.failed(monotonic())
        else:
            self._breaker.succeeded()
        while True:
            try:
                return await self._tell(sending, outcome)
            except Exception as error:
                # What the provider took is sent again if nobody writes it down.
                if not (is_unreachable(error) or is_transient(error)):
                    return await self._record_untold(sending, outcome)
                if monotonic() > until:
                    raise
                log.warning("sending.not_recorded_yet", provider=self._provider.name, error=repr(error)[:200])
                await asyncio.sleep(RECORD_AGAIN)

    async def _tell(self, sending: Sending, outcome: Outcome) -> None:
        async with self._open_uow(cause=Cause(sending.correlation_id)) as uow:
            if await record(uow, sending, outcome, pause=_pause(sending, outcome)):
                await self._outgoing.recorded(sending, outcome, uow)
            else:
                log.warning("sending.fenced_off", provider=self._provider.name, sending=str(sending.id))

    async def _record_untold(self, sending: Sending, outcome: Outcome) -> None:
        """The service cannot take the outcome in, and never will: keep it here, so that nobody is sent it for ever."""
        log.exception("sending.not_told", provider=self._provider.name, sending=str(sending.id))
        async with self._open_uow(cause=Cause(sending.correlation_id)) as uow:
            await record(uow, sending, outcome, pause=_pause(sending, outcome))

    async def _send(self, sending: Sending) -> Outcome:
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._provider.send(sending)
        except TimeoutError:
            return Unknown(f"no answer within {DEADLINE:.0f} s")
        except Exception as error:
            log.exception("sending.client_failed", provider=self._provider.name, sending=str(sending.id))
            return Unknown(repr(error)[:300])


def _pause(sending: Sending, outcome: Outcome) -> float:
    """Seconds until the next try; never less than the provider said."""
    if isinstance(outcome, Sent):
        return 0.0
    after = outcome.after if isinstance(outcome, Retry) else None
    pause = after if after is not None else PAUSES[min(sending.attempt, len(PAUSES)) - 1]
    return pause * random.uniform(1.0, 1.2)
