"""Notices a consumer that has silently stopped: work waits and its position does not move (R21)."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from tocsin_bus.protocol import BusUnavailable, Partition
from tocsin_runtime.clock import monotonic, until_beat

if TYPE_CHECKING:
    from tocsin_chassis.service import Service

log = structlog.get_logger("tocsin.watch")
LOOK_EVERY = 10.0
WEDGED_AFTER = 30.0
"""Seconds without any progress, although something waits."""
LEFT_BEHIND_AFTER = 300.0
"""The same for one partition while others move: after an outage each waits its turn."""


async def watch_progress(service: "Service") -> None:
    """Look every few seconds, for ever."""
    standstill = Standstill()
    while True:
        await asyncio.sleep(until_beat(LOOK_EVERY))
        runner = service.runner
        if runner is None or runner.progress.database_away or runner.progress.bus_away:
            standstill.begin_anew()
            continue
        try:
            lag = await runner.lag()
        except (BusUnavailable, OSError, TimeoutError) as error:
            log.warning("watch.no_lag", service=service.name, error=repr(error)[:200])
            standstill.begin_anew()
            continue
        service.figures.show_lag(lag)
        if standstill.seen(lag, now=monotonic()):
            log.error("consumer.wedged", service=service.name, lag={str(p): v for p, v in lag.items()})
            standstill.begin_anew()
            service.platform.wedged(service.name)


class Standstill:
    """Tells a consumer that has stopped from one that has much to do."""

    def __init__(self) -> None:
        self._positions: dict[Partition, int] = {}
        self._since: dict[Partition, float] = {}
        self._moved = 0.0

    def begin_anew(self) -> None:
        """What was seen until now says nothing any more."""
        self._positions, self._since = {}, {}

    def seen(self, lag: Mapping[Partition, tuple[int, int]], *, now: float) -> bool:
        """Whether something waits that nobody works on. `now` in monotonic seconds."""
        before, self._positions = self._positions, {p: position for p, (position, _) in lag.items()}
        if not before or any(before.get(p) != position for p, position in self._positions.items()):
            self._moved = now
        for partition, (position, end) in lag.items():
            if position >= end:
                self._since.pop(partition, None)
            elif partition not in self._since or before.get(partition) != position:
                self._since[partition] = now
        self._since = {p: since for p, since in self._since.items() if p in lag}
        longest = max((now - since for since in self._since.values()), default=0.0)
        return longest > LEFT_BEHIND_AFTER or (longest > WEDGED_AFTER and now - self._moved > WEDGED_AFTER)
