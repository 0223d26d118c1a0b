"""Plays the lanes: woken by each commit of the accept road, with a poll as the net under lost wake-ups."""

from collections.abc import Iterable
from time import perf_counter

import structlog

from tocsin_bus.parked import is_transient
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_detector.domain.integration import LANES
from tocsin_detector.store.lanes import LaneStore
from tocsin_detector.usecases.figures import LaneFigures
from tocsin_detector.usecases.process import MOST_SIGNALS, process_lane

log = structlog.get_logger("tocsin.lanes")


class LaneWorker:
    """One of `workers` in this process; it plays every lane whose number leaves its own rest.

    Other processes may play the same lanes: the lane's lock keeps them one after another.
    """

    def __init__(self, open_uow: OpenUnitOfWork, figures: LaneFigures, *, number: int, workers: int) -> None:
        self._open_uow = open_uow
        self._figures = figures
        self._mine = frozenset(lane for lane in range(LANES) if lane % workers == number)
        self._dirty: set[int] = set()

    def concerns(self, lanes: Iterable[int]) -> bool:
        """Whether any of these lanes is played here; if so it is played in the next turn."""
        mine = self._mine.intersection(lanes)
        self._dirty |= mine
        return bool(mine)

    async def run_once(self) -> int:
        """One turn of each lane in which something waits. Returns how many signals were played."""
        lanes, self._dirty = frozenset(self._dirty), set()
        if not lanes:
            async with self._open_uow() as uow:
                lanes = self._mine.intersection(await LaneStore(uow.conn).busy())
        return sum([await self._play(lane) for lane in sorted(lanes)])

    async def _play(self, lane: int) -> int:
        try:
            return await self._turn(lane)
        except Exception as error:
            if is_transient(error):
                raise
            log.error("lane.turn_failed", lane=lane, error=_named(error))
            return await self._find_the_guilty(lane)

    async def _find_the_guilty(self, lane: int) -> int:
        """One signal a turn, until one fails by itself: it is set aside, so that the others behind it go on."""
        for played in range(MOST_SIGNALS):
            try:
                if not await self._turn(lane, most=1):
                    return played
            except Exception as error:
                if is_transient(error):
                    raise
                log.error("lane.signal_set_aside", lane=lane, error=_named(error))
                return played + await self._turn(lane, most=1, set_aside=True)
        return MOST_SIGNALS

    async def _turn(self, lane: int, *, most: int = MOST_SIGNALS, set_aside: bool = False) -> int:
        began = perf_counter()
        async with self._open_uow() as uow:
            played = await process_lane(uow, lane, self._figures, most=most, set_aside=set_aside)
        if played:
            self._figures.turn_seconds.observe(perf_counter() - began)
            self._figures.turn_signals.observe(played)
        return played


def _named(error: Exception) -> str:
    """The error without the statement's parameters, which hold what senders sent."""
    return repr(getattr(error, "orig", error))[:300]
