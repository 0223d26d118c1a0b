"""How late the event loop runs: whatever holds it up holds up every page of this process (R20)."""

import asyncio
from typing import TYPE_CHECKING

import structlog

from tocsin_runtime.clock import monotonic, until_beat

if TYPE_CHECKING:
    from tocsin_chassis.service import Service

log = structlog.get_logger("tocsin.loop")
SAMPLE_EVERY = 1.0
"""Seconds; with the beat of the others, so that at rest a sample wakes nobody by itself."""
WARNING = 0.25
WINDOW = 15.0
"""Seconds for which the worst is remembered at least, so that a scrape does not miss it."""


async def watch_loop(service: "Service") -> None:
    """Sample for ever. A block is seen by the first sample that was due while it lasted."""
    worst = Worst()
    while True:
        pause = until_beat(SAMPLE_EVERY)
        due = monotonic() + pause
        await asyncio.sleep(pause)
        now = monotonic()
        late = max(0.0, now - due)
        service.figures.loop_lag.set(worst.of(late, now=now))
        if late > WARNING:
            log.warning("loop.late", service=service.name, seconds=round(late, 3))


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
