"""The only place that reads a clock, but for ids, which hold a time. Below an entry point, time is a value."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_runtime.statement import Statement

Ask = Callable[[AsyncConnection], Awaitable[datetime]]
ASK_EVERY = 10.0
"""Seconds for which the answer of the database is carried on."""
WRONG_BY = 0.02
"""Seconds that an answer may take to come: one that took longer is used once, and the next to ask asks again."""
BEAT = 0.5
TOO_SOON = 0.02
"""Timers may go off a little early; the beat that is so near is the one that just was."""
_UPTIME = getattr(
    time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC
)  # macOS has only the latter, which sleeps as well


class Clock(Protocol):
    """Tells a unit of work what time it is."""

    async def now(self, connection: AsyncConnection) -> datetime:
        """Aware UTC; the same for all replicas of a service."""
        ...

    def known(self) -> datetime | None:
        """The time, if it need not be asked for; None when it is the database's."""
        ...


class DatabaseClock:
    """Database time, the one clock that all replicas share (R23, R35).

    It is asked for every ten seconds at most and carried on meanwhile (decision 22): wrong by no more than
    `WRONG_BY`, and without a step back unless the database's own clock makes one.
    """

    def __init__(self, uptime: Callable[[], float] | None = None, ask: Ask | None = None) -> None:
        """`uptime` counts seconds, also those for which the machine slept; `ask` puts the question."""
        self._uptime = uptime or _uptime
        self._ask = ask or _ask
        self._base: datetime | None = None
        self._since = 0.0

    async def now(self, connection: AsyncConnection) -> datetime:
        asked_at = self._uptime()
        if self._base is None or asked_at - self._since >= ASK_EVERY:
            told = await self._ask(connection)
            came_at = self._uptime()
            if came_at - asked_at > WRONG_BY:
                self._base = None
                return told
            self._base, self._since = self._agreed(told, took=came_at - asked_at), came_at
        return self._carried()

    def _agreed(self, told: datetime, *, took: float) -> datetime:
        """The answer was right at some time since the question: what was carried on stands if that allows it."""
        if self._base is None:
            return told
        return min(max(told, self._carried()), told + timedelta(seconds=took))

    def _carried(self) -> datetime:
        assert self._base is not None
        return self._base + timedelta(seconds=self._uptime() - self._since)

    def known(self) -> datetime | None:
        return None


class ManualClock:
    """A clock that moves only when told to, so that a test can play a night in a second."""

    def __init__(self, start: datetime) -> None:
        self.moment = start

    async def now(self, connection: AsyncConnection) -> datetime:
        return self.moment

    def known(self) -> datetime | None:
        return self.moment

    def forward(self, by: timedelta) -> datetime:
        """Move on and tell the new time."""
        self.moment += by
        return self.moment


def process_now() -> datetime:
    """This machine's clock. For what is only recorded, never for what is due."""
    return datetime.now(UTC)


def until_beat(every: float, *, place: int = 0) -> float:
    """Seconds to the next moment at which work is done that is done `every` so many seconds, with no hurry.

    Those moments are whole seconds, or halves, the same for all processes of a machine: at rest it wakes for all that
    is due together, and not for each thing by itself. What comes round less often may have a `place` among them.
    """
    if every < BEAT:
        return every
    left = every - (monotonic() - place) % every
    return left if left > TOO_SOON else left + every


def monotonic() -> float:
    """Seconds for time-outs; means nothing outside this process."""
    return time.monotonic()


stopwatch = time.perf_counter
"""Seconds for how long something took; the finest clock there is, and as it is, for it runs for every alert."""


def _uptime() -> float:
    return time.clock_gettime(_UPTIME)


async def _ask(connection: AsyncConnection) -> datetime:
    moment: datetime = await _NOW.value(connection)
    return moment.astimezone(UTC)


_NOW = Statement("SELECT clock_timestamp()")
