"""How late the event loop runs: whatever holds it up holds up every page of this process (R20)."""

import asyncio
from time import process_time
from typing import TYPE_CHECKING

import structlog

from tocsin_runtime.clock import monotonic, until_beat

if TYPE_CHECKING:
    from tocsin_chassis.service import Service

log = structlog.get_logger("tocsin.loop")
SAMPLE_AT_REST = 1.0
"""Seconds; with the beat of the others, so that at rest a sample wakes nobody by itself."""
SAMPLE_AT_WORK = 0.25
"""Seconds, while the process takes `AT_WORK` of a core: by so much a block may be shown too short."""
AT_WORK = 0.1
WARNING = 0.25
STARTING = 10.0
"""Seconds in which nothing is said of it, but by the figure: what starts on a busy machine holds itself up."""
WINDOW = 15.0
"""Seconds for which the worst is remembered at least, so that a scrape does not miss it."""


async def watch_loop(service: "Service") -> None:
    """Sample for ever. A block is seen by the first sample that was due while it lasted."""
    worst, quiet_until = Worst(), monotonic() + STARTING
    pause, used = until_beat(SAMPLE_AT_REST), process_time()
    while True:
        due = monotonic() + pause
        await asyncio.sleep(pause)
        now, before = monotonic(), used
        used = process_time()
        late = max(0.0, now - due)
        service.figures.loop_lag.set(worst.of(late, now=now))
        if late > WARNING and now > quiet_until:
            log.warning("loop.late", service=service.name, seconds=round(late, 3))
        at_work = used - before > AT_WORK * (pause + late)
        pause = SAMPLE_AT_WORK if at_work else until_beat(SAMPLE_AT_REST)


class Worst:
    """The greatest value of the last `WINDOW` to twice `WINDOW` seconds."""

    def __init__(self) -> None:
        self._before = self._now = 0.0
        self._since = 0.0

    def of(self, value: float, *, now: float) -> float:
        """Count this one in. `now` in monotonic seconds."""
        if now - self._since > 2 * WINDOW:
            self._before = 0.0
            self._since, self._now = now, 0.0
        elif now - self._since > WINDOW:
            self._before, self._now, self._since = self._now, 0.0, now
        self._now = max(self._now, value)
        return max(self._before, self._now)
