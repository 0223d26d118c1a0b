"""Notices a consumer that has silently stopped: work waits and its position does not move (R21)."""

import asyncio
from typing import TYPE_CHECKING

import structlog

from tocsin_bus.protocol import BusUnavailable, Partition
from tocsin_runtime.clock import monotonic

if TYPE_CHECKING:
    from tocsin_chassis.service import Service

log = structlog.get_logger("tocsin.watch")
LOOK_EVERY = 10.0
WEDGED_AFTER = 30.0
LOOP_LAG_WARNING = 0.25


async def watch_progress(service: "Service") -> None:
    """Look every few seconds, for ever; also measures how late the event loop is."""
    stuck_since: dict[Partition, tuple[int, float]] = {}
    while True:
        before = monotonic()
        await asyncio.sleep(LOOK_EVERY)
        late = monotonic() - before - LOOP_LAG_WARNING - LOOK_EVERY
        service.figures.loop_lag.set(max(0.0, late + LOOP_LAG_WARNING))
        if late > 0:
            log.warning("loop.late", service=service.name, seconds=round(late + LOOP_LAG_WARNING, 3))
        runner = service.runner
        if runner is None or runner.progress.database_away or runner.progress.bus_away:
            stuck_since.clear()
            continue
        try:
            lag = await runner.lag()
        except (BusUnavailable, OSError, TimeoutError) as error:
            log.warning("watch.no_lag", service=service.name, error=repr(error)[:200])
            stuck_since.clear()
            continue
        service.figures.show_lag(lag)
        if _wedged(lag, stuck_since):
            log.error("consumer.wedged", service=service.name, lag={str(p): v for p, v in lag.items()})
            stuck_since.clear()
            service.platform.wedged(service.name)


def _wedged(lag: dict[Partition, tuple[int, int]], stuck_since: dict[Partition, tuple[int, float]]) -> bool:
    now = monotonic()
    for partition in set(stuck_since) - set(lag):
        del stuck_since[partition]
    for partition, (position, end) in lag.items():
        known = stuck_since.get(partition)
        if position >= end:
            stuck_since.pop(partition, None)
        elif known is None or known[0] != position:
            stuck_since[partition] = (position, now)
        elif now - known[1] > WEDGED_AFTER:
            return True
    return False
