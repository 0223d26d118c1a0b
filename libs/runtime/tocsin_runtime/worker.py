"""A loop that works while there is work, then waits to be woken; a poll is the net under lost wake-ups (R26)."""

import asyncio
from collections.abc import Awaitable, Callable
from zlib import crc32

import structlog

from tocsin_runtime.clock import until_beat

log = structlog.get_logger("tocsin.worker")
LONGEST_PAUSE = 15.0


class Worker:
    """Runs `run_once` again and again. It returns how much it did; at zero the worker waits.

    An exception is logged, counted and followed by a pause that doubles up to 15 s; the worker never dies of it.
    """

    def __init__(
        self,
        name: str,
        run_once: Callable[[], Awaitable[int]],
        *,
        every: float = 1.0,
        finish: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`finish` is awaited after the last turn, for what the turns have begun."""
        self.name = name
        self.failures = 0
        self._run_once = run_once
        self._every = every
        self._place = crc32(name.encode()) % max(1, int(every))
        self._finish = finish
        self._wanted = asyncio.Event()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End after the turn under way."""
        self._stopping.set()
        self._wanted.set()

    def wake(self) -> None:
        """There is work now. Safe to call from the event loop at any time."""
        self._wanted.set()

    async def run(self) -> None:
        """Work until stopped or cancelled; stopped, it ends what it has begun."""
        await self._work()
        if self._finish is not None:
            await self._finish()

    async def _work(self) -> None:
        while not self._stopping.is_set():
            self._wanted.clear()
            try:
                done = await self._run_once()
                self.failures = 0
            except asyncio.CancelledError:
                raise
            except Exception:
                self.failures += 1
                log.exception("worker.failed", worker=self.name, failures=self.failures)
                done = 0
            if self._stopping.is_set():
                return
            if done:
                await asyncio.sleep(0)
            elif self.failures:
                await _wait(self._stopping, self._after_failures())
            else:
                await _wait(self._wanted, until_beat(self._every, place=self._place))

    def _after_failures(self) -> float:
        doubled: float = min(1.0, max(0.2, self._every)) * 2 ** min(self.failures - 1, 6)
        return min(LONGEST_PAUSE, doubled)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
