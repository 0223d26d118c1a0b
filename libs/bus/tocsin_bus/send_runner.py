"""Runs the sendings of one provider in a queue of their own, so that one bad place holds up no other (R32)."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from tocsin_bus.destinations import Destinations, Offer
from tocsin_bus.parked import is_transient, is_unreachable
from tocsin_bus.recorder import Recorder
from tocsin_bus.sending import Outcome, Outgoing, Provider, Retry, Sending, Sent, Tried, Unknown
from tocsin_bus.sending_rows import FRESH, Claimed, Haul, cancel, claim, claim_anew, renew
from tocsin_bus.stalled import StalledTeller
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_runtime.clock import monotonic

log = structlog.get_logger("tocsin.sending")
AT_ONCE = 16
"""Sendings under way to a provider that is one place."""
TO_MANY, TO_EACH = 64, 10
"""Sendings under way to a provider of many places, and to each of them: a full set that hangs opens the breaker.
With five to each, a backlog of pages to one address went out at two thirds of the speed."""
DEADLINE = 10.0
RENEW_EVERY = 1.5
LOOK_AGAIN = 0.05
LOOK_BEYOND_EVERY = 0.25
"""Seconds between looks past a long queue to one place, for what goes elsewhere: they read all of that queue."""
PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between tries; the last is repeated, so that a provider that is back is used within 20 s."""


@dataclass(eq=False)
class Flight:
    """One that is under way; `awaited`: others wait for its end; `has_left`: its place has answered."""

    sending: Sending
    awaited: bool
    has_left: bool = False


class SendRunner:
    """Claims, sends, records. Two replicas may run one each; a fence decides whose record counts.

    One that hangs holds up none of the others, a place that hangs nothing that goes elsewhere.
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
        in_all, each = (AT_ONCE, AT_ONCE) if provider.one_place else (TO_MANY, TO_EACH)
        self._destinations = Destinations(in_all=in_all, each=each)
        self._flights: dict[asyncio.Task[None], Flight] = {}
        self._running, self._claiming = False, False
        self._looked_beyond = -LOOK_BEYOND_EVERY
        self._renewing: asyncio.Task[None] | None = None
        self._stalled = StalledTeller(provider.name, outgoing, open_uow)
        self._recorder = Recorder(provider.name, outgoing, open_uow)

    async def turn(self) -> int:
        """Begin to send what is due; returns more than 0 when there may be more, and places for it."""
        self._running = True
        again, _, _ = await self._take_off()
        self._stalled.tell(self._destinations.broken(monotonic()))
        return int(again)

    async def run_once(self) -> int:
        """Send what is due and wait until it is recorded; returns how many were tried, or found unwanted.

        Raises what kept an outcome from being recorded.
        """
        _, handled, flights = await self._take_off()
        for failure in await asyncio.gather(*flights, return_exceptions=True):
            if isinstance(failure, BaseException):
                raise failure
        self._stalled.tell(self._destinations.broken(monotonic()))
        await self._stalled.told()
        return handled

    def berth(self, place: str) -> "SendBerth | None":
        """Room for one more sending to this place, unless others wait for it or are being claimed.

        A runner that has not begun, or ends, has none.
        """
        if not self._running or self._claiming or not self._destinations.take_room(place, monotonic()):
            return None
        return SendBerth(place, self._begin, self._free)

    async def finish(self) -> None:
        """Wait until everything under way has ended, with what has a berth but is not committed yet."""
        self._running = False
        while self._destinations.under_way:
            if self._flights:
                await asyncio.wait(list(self._flights), timeout=LOOK_AGAIN)
            else:
                await asyncio.sleep(LOOK_AGAIN)
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)
        await self._stalled.close()

    async def _take_off(self) -> tuple[bool, int, list[asyncio.Task[None]]]:
        """Begin what there is room for; whether to look again at once, how many were looked at, and what flies."""
        offer = self._destinations.offer(monotonic())
        if offer.limit <= 0 or (self._provider.one_place and offer.closed):
            self._destinations.more_waits(places=(), full=offer.limit <= 0)
            return False, 0, []
        since, self._claiming = monotonic(), True
        try:
            haul, wanted = await self._claim(offer)
        finally:
            self._claiming = False
        flights = [self._send_off(one, since=since) for one in wanted]
        self._note_what_waits(offer, haul)
        return self._worth_another(haul, wanted=len(wanted)), len(haul.claimed), flights

    def _worth_another(self, haul: Haul, *, wanted: int) -> bool:
        """Say whether to claim again at once, as there is room and something may wait for it."""
        if haul.missed and not haul.claimed:  # another replica holds it all, for as long as its claim takes
            asyncio.get_running_loop().call_later(LOOK_AGAIN, self._on_free)
        now = monotonic()
        if not haul.claimed or self._destinations.offer(now).limit <= 0:
            return False
        if haul.beyond and now - self._looked_beyond > LOOK_BEYOND_EVERY:
            self._looked_beyond = now
            return True
        return haul.missed or (haul.crowded and wanted < len(haul.claimed))

    def _note_what_waits(self, offer: Offer, haul: Haul) -> None:
        claimed = Counter(one.sending.destination for one in haul.claimed)
        filled = [place for place, number in claimed.items() if number >= offer.room_for(place)]
        self._destinations.more_waits(places=filled if haul.crowded else [], full=haul.missed)

    def _send_off(self, one: Claimed, *, since: float) -> asyncio.Task[None]:
        place = one.sending.destination
        awaited = one.ordered or place in self._destinations.broken(monotonic())
        self._destinations.took_off(place)
        return self._begin(one.sending, since=since, awaited=awaited)

    def _begin(self, sending: Sending, *, since: float, awaited: bool = False) -> asyncio.Task[None]:
        flight = Flight(sending, awaited=awaited)
        task = asyncio.create_task(self._fly(flight, since=since))
        self._flights[task] = flight
        task.add_done_callback(self._landed)
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._keep_claims(), name=f"claims-{self._provider.name}")
        return task

    async def _keep_claims(self) -> None:
        """A provider may take its time; a process that is killed is followed soon all the same."""
        while True:
            await asyncio.sleep(RENEW_EVERY)
            if not self._flights:
                return
            try:
                async with self._open_uow() as uow:
                    await renew(uow, [flight.sending for flight in self._flights.values()])
            except Exception as error:  # noqa: BLE001 - a claim that is not renewed lapses, and the fence tells
                log.warning(
                    "sending.claims_not_renewed", provider=self._provider.name, error=repr(error)[:200]
                )

    def _landed(self, task: asyncio.Task[None]) -> None:
        flight = self._flights.pop(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("sending.not_recorded", provider=self._provider.name, error=repr(error)[:300])
        self._leave(flight)
        if self._destinations.landed() or flight.awaited:
            self._on_free()

    def _leave(self, flight: Flight) -> None:
        """Its place is free for the next: what is left is writing it down, which is no burden to that place."""
        if not flight.has_left and self._destinations.left(flight.sending.destination, monotonic()):
            self._on_free()
        flight.has_left = True

    def _free(self, place: str) -> None:
        if self._destinations.left(place, monotonic()) | self._destinations.landed():
            self._on_free()

    async def _claim(self, offer: Offer) -> tuple[Haul, list[Claimed]]:
        """What was claimed, and that of it which is still wanted."""
        try:
            return await self._ask(offer)
        except Exception as error:
            if is_unreachable(error) or is_transient(error):
                raise
            log.exception("sending.question_failed", provider=self._provider.name)
        one = replace(offer, limit=1)
        try:
            return await self._ask(one)
        except Exception as error:
            if is_unreachable(error) or is_transient(error):
                raise
            # Nobody can say whether this one is wanted: better a page too many than a night without.
            return await self._ask(one, unasked=True)

    async def _ask(self, offer: Offer, *, unasked: bool = False) -> tuple[Haul, list[Claimed]]:
        async with self._open_uow() as uow:
            haul = await claim(uow, offer, provider=self._provider.name)
            living = [row for row in haul.claimed if not row.expired]
            if living and not unasked:
                wanted = await self._outgoing.still_wanted([row.sending for row in living], uow)
                living = [row for row in living if row.sending.id in wanted]
            leaving = {row.sending.id for row in living}
            await cancel(uow, [row.sending.id for row in haul.claimed if row.sending.id not in leaving])
        return haul, living

    async def _fly(self, flight: Flight, *, since: float) -> None:
        """`since` is a moment before it was claimed."""
        is_fresh = monotonic() - since < FRESH.total_seconds()
        if is_fresh or await self._still_mine(flight.sending):
            await self._send_and_tell(flight)

    async def _send_and_tell(self, flight: Flight) -> None:
        sending = flight.sending
        outcome = await self._send(sending)
        self._learn(sending, outcome)
        self._leave(flight)
        await self._recorder.record(Tried(sending, outcome, pause=_pause(sending, outcome)))

    async def _still_mine(self, sending: Sending) -> bool:
        """Look again before one begins that was held up: whoever answered since did not wait for it (R27)."""
        try:
            async with self._open_uow(cause=sending.cause) as uow:
                mine = await claim_anew(uow, sending)
                if mine and sending.id in await self._outgoing.still_wanted([sending], uow):
                    return True
                if mine:
                    await cancel(uow, [sending.id])
        except Exception as error:  # noqa: BLE001 - better a page too many than a night without
            log.warning("sending.not_asked_again", provider=self._provider.name, error=repr(error)[:200])
            return True
        return False

    def _learn(self, sending: Sending, outcome: Outcome) -> None:
        place, now = sending.destination, monotonic()
        before = place in self._destinations.broken(now)
        if isinstance(outcome, Retry) and outcome.well:
            self._destinations.slowed(place, now, rest=outcome.after or PAUSES[0])
        elif isinstance(outcome, Retry | Unknown):
            self._destinations.failed(place, now, reason=outcome.reason)
        else:
            self._destinations.succeeded(place)
        if before != (place in self._destinations.broken(now)):
            what = "sending.place_answers_again" if before else "sending.place_does_not_answer"
            log.warning(what, provider=self._provider.name, place=place)

    async def _send(self, sending: Sending) -> Outcome:
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._provider.send(sending)
        except TimeoutError:
            return Unknown(f"no answer within {DEADLINE:.0f} s")
        except Exception as error:
            log.exception("sending.client_failed", provider=self._provider.name, sending=str(sending.id))
            return Unknown(repr(error)[:300])


@dataclass(frozen=True)
class SendBerth:
    """A berth of one runner."""

    _place: str
    _begin: Callable[..., object]
    _free: Callable[[str], None]

    def use(self, sending: Sending, *, since: float) -> None:
        """Send it now."""
        self._begin(sending, since=since)

    def give_back(self) -> None:
        """It is not needed."""
        self._free(self._place)


def _pause(sending: Sending, outcome: Outcome) -> float:
    """Seconds until the next try; never less than the provider said."""
    if isinstance(outcome, Sent):
        return 0.0
    after = outcome.after if isinstance(outcome, Retry) else None
    pause = after if after is not None else PAUSES[min(sending.attempt, len(PAUSES)) - 1]
    return pause * random.uniform(1.0, 1.2)
