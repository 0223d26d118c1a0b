"""Carries events from the outbox to the bus, lane by lane, in order, each marked only after the broker has it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from tocsin_bus.lease_table import LeaseTable
from tocsin_bus.leases import LeaseKeeper
from tocsin_bus.outbox import (
    LANES,
    Waiting,
    just_published,
    mark_bypassed,
    mark_published,
    not_bypassed,
    unpublished,
)
from tocsin_bus.protocol import Bus, BusUnavailable
from tocsin_events.envelope import Envelope
from tocsin_runtime.clock import monotonic
from tocsin_runtime.database import Database

log = structlog.get_logger("tocsin.relay")
BATCH = 500
PAUSE_AFTER_FAILURE = 0.5
STALLED_AFTER = 5.0
"""Seconds without a broker's answer after which a lane counts as stalled (R22)."""
BypassRoad = Callable[[Sequence[Envelope]], Awaitable[None]]


class Relay:
    """One per service. A lane has one batch in flight; a slow lane does not hold up the others."""

    def __init__(
        self,
        bus: Bus,
        database: Database,
        *,
        service: str,
        bypass: BypassRoad | None = None,
        on_landed: Callable[[], None] = lambda: None,
        instance: str = "",
    ) -> None:
        """`on_landed` is called when a lane is free again on which something may wait.

        Under the name `instance`, if it has one, it has its lanes back at once after a crash.
        """
        names = [str(lane) for lane in range(LANES)]
        self.keeper = LeaseKeeper(LeaseTable(database.apart), scope="relay", names=names, instance=instance)
        self._bus = bus
        self._database = database
        self._service = service
        self._bypass = bypass
        self._on_landed = on_landed
        self._flights: dict[int, asyncio.Task[None]] = {}
        self._since: dict[int, float] = {}
        self._missed: set[int] = set()
        self._assumed_stalled = False
        self._going_round = False

    def stalled_for(self) -> float:
        """Seconds for which the slowest batch has waited for the broker; 0 when none is under way."""
        return max((monotonic() - since for since in self._since.values()), default=0.0)

    def assume_stalled(self) -> None:
        """An event came past the bus, so the bus is away: do not wait to find that out again."""
        self._assumed_stalled = True

    async def run_once(self) -> int:
        """Send what waits on the free lanes; returns how many events were taken up."""
        self._missed |= self._flights.keys()
        free = [int(lane) for lane in self.keeper.held() if int(lane) not in self._flights]
        taken = await self._take_off(free) if free else 0
        try:
            await self._go_round()
        except Exception as error:  # noqa: BLE001 - brought again in the next turn; lanes that move do not wait for it
            log.warning("relay.bypass_failed", service=self._service, error=repr(error)[:300])
        return taken

    async def turn(self) -> int:
        """The same for a worker, who is not to look again at once when all there was is under way."""
        taken = await self.run_once()
        return taken if taken >= BATCH else 0

    async def close(self) -> None:
        """Stop; what has no answer yet stays in the outbox and is sent again by the next holder."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        await self.keeper.close()

    async def _take_off(self, lanes: Sequence[int]) -> int:
        async with self._database.read() as conn:
            waiting = await unpublished(conn, lanes=lanes, limit=BATCH, service=self._service)
        for lane in {w.lane for w in waiting}:
            batch = [w for w in waiting if w.lane == lane]
            self._since[lane] = monotonic()
            self._flights[lane] = asyncio.create_task(
                self._fly(lane, batch), name=f"relay-{self._service}-{lane}"
            )
        return len(waiting)

    async def _fly(self, lane: int, batch: Sequence[Waiting]) -> None:
        landed = False
        try:
            await self._bus.publish([w.envelope for w in batch])
            async with self._database.apart() as conn:
                await mark_published(conn, batch)
            self._assumed_stalled, landed = False, True
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - the batch stays in the outbox and is sent again
            level = log.warning if isinstance(error, BusUnavailable) else log.error
            level("relay.failed", service=self._service, lane=lane, error=repr(error)[:300])
            await asyncio.sleep(PAUSE_AFTER_FAILURE)
        finally:
            del self._since[lane]
            del self._flights[lane]
            if lane in self._missed or not landed:
                self._missed.discard(lane)
                self._on_landed()

    async def _go_round(self) -> None:
        """Carry what waits on stalled lanes straight to the next service (R22); it is still published later.

        What the broker took just before it went away goes first: it has been read by nobody, or it does no harm.
        """
        if self._bypass is None or self._bus.shares_fate_with_outbox:
            return
        limit = 0.0 if self._assumed_stalled else STALLED_AFTER
        stalled = [lane for lane, since in self._since.items() if monotonic() - since > limit]
        if stalled and not self._going_round:
            lanes = [int(lane) for lane in self.keeper.held()]
            async with self._database.read() as conn:
                taken = await just_published(conn, lanes=lanes, service=self._service)
            await self._carry(taken)
        self._going_round = bool(stalled)
        while stalled:
            async with self._database.read() as conn:
                waiting = await not_bypassed(conn, lanes=stalled, limit=BATCH, service=self._service)
            if not waiting:
                return
            await self._carry(waiting)

    async def _carry(self, waiting: Sequence[Waiting]) -> None:
        assert self._bypass is not None
        for begin in range(0, len(waiting), BATCH):
            batch = waiting[begin : begin + BATCH]
            await self._bypass([w.envelope for w in batch])
            async with self._database.begin() as conn:
                await mark_bypassed(conn, batch)
