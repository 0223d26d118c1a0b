"""Plays the lanes: woken by each commit of the accept road, with a poll as the net under lost wake-ups."""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from tocsin_bus.parked import is_transient
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_detector.domain.integration import LANES
from tocsin_detector.store.lanes import LaneStore, turn_of
from tocsin_detector.usecases.figures import LaneFigures
from tocsin_detector.usecases.process import MOST_SIGNALS, process_lane
from tocsin_runtime.clock import stopwatch

log = structlog.get_logger("tocsin.lanes")
REST = 0.02
"""Seconds from the beginning of a lane's turn to the next one's, unless a turn was full: what a storm brings meanwhile
is played together. A turn for each of 500 alerts a second would be more work than the alerts."""
REST_OF_TURN = 3.0
"""And so many times as long as the turn took: where the machine is busy, fewer and larger turns leave more of it."""
LONGEST_REST = 0.1


class LaneWorker:
    """One of `workers` in this process; it plays every lane whose number leaves its own rest.

    Other processes may play the same lanes: the lane's lock keeps them one after another.
    """

    def __init__(
        self,
        open_uow: OpenUnitOfWork,
        figures: LaneFigures,
        *,
        number: int,
        workers: int,
        wake: Callable[[], None] = lambda: None,
        rest: float = REST,
    ) -> None:
        """`wake` is called when a lane in which something waits has rested for `rest` seconds."""
        self._open_uow = open_uow
        self._figures = figures
        self._wake = wake
        self._rest = rest
        self._mine = frozenset(lane for lane in range(LANES) if lane % workers == number)
        self._dirty: set[int] = set()
        self._resting: set[int] = set()

    def concerns(self, lanes: Iterable[int]) -> bool:
        """Whether any of these lanes is played here; if so it is played in the next turn, or when it has rested."""
        mine = self._mine.intersection(lanes)
        self._dirty |= mine
        return bool(mine)

    async def run_once(self) -> int:
        """One turn of each lane that need not rest; woken for none in particular, of each in which something waits.

        Returns how many lanes are to be played again at once.
        """
        if not self._dirty:
            async with self._open_uow() as uow:
                self._dirty = set(self._mine.intersection(await LaneStore(uow.conn).busy()))
        lanes = self._dirty - self._resting
        self._dirty -= lanes
        for lane in sorted(lanes):
            await self._paced(lane)
        return len(self._dirty - self._resting)

    async def _paced(self, lane: int) -> None:
        began = stopwatch()
        if await self._play(lane) >= MOST_SIGNALS:
            self._dirty.add(lane)
        else:
            self._resting.add(lane)
            took = stopwatch() - began
            rest = max(self._rest - took, min(took * REST_OF_TURN, LONGEST_REST))
            asyncio.get_running_loop().call_later(rest, self._rested, lane)

    def _rested(self, lane: int) -> None:
        self._resting.discard(lane)
        if lane in self._dirty:
            self._wake()

    async def _play(self, lane: int) -> int:
        try:
            return await self._turn(lane)
        except Exception as error:
            if is_transient(error):
                raise
            log.error("lane.turn_failed", lane=lane, error=_named(error))
            await self._find_the_guilty(lane)
            return MOST_SIGNALS

    async def _find_the_guilty(self, lane: int) -> None:
        """One signal a turn, until one fails by itself: it is set aside, so that the others behind it go on."""
        for _ in range(MOST_SIGNALS):
            try:
                if not await self._turn(lane, most=1):
                    return
            except Exception as error:
                if is_transient(error):
                    raise
                log.error("lane.signal_set_aside", lane=lane, error=_named(error))
                await self._turn(lane, most=1, set_aside=True)
                return

    async def _turn(self, lane: int, *, most: int = MOST_SIGNALS, set_aside: bool = False) -> int:
        began = stopwatch()
        async with self._open_uow(holding=turn_of(lane)) as uow:
            played = await process_lane(uow, lane, self._figures, most=most, set_aside=set_aside)
        if played:
            self._figures.turn_seconds.observe(stopwatch() - began)
            self._figures.turn_signals.observe(played)
        return played


def _named(error: Exception) -> str:
    """The error without the statement's parameters, which hold what senders sent."""
    return repr(getattr(error, "orig", error))[:300]
