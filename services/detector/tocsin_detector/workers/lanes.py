"""Plays the lanes: woken by each commit of the accept road, with a poll as the net under lost wake-ups."""

from collections.abc import Iterable
from time import perf_counter

from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_detector.domain.integration import LANES
from tocsin_detector.store.lanes import LaneStore
from tocsin_detector.usecases.figures import LaneFigures
from tocsin_detector.usecases.process import process_lane


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
        began = perf_counter()
        async with self._open_uow() as uow:
            played = await process_lane(uow, lane, self._figures)
        if played:
            self._figures.turn_seconds.observe(perf_counter() - began)
            self._figures.turn_signals.observe(played)
        return played
