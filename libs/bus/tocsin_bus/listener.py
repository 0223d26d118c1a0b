"""LISTEN on a connection of its own. A notification is a hint only: whoever waits for it also polls (R26)."""

import asyncio
from collections.abc import Callable, Mapping

import asyncpg
import structlog

from tocsin_runtime.database import Database

log = structlog.get_logger("tocsin.listener")
CHECK_EVERY = 15.0
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0


class Listener:
    """Calls back with each notification's payload; reconnects for ever. After each connect all get an empty one."""

    def __init__(self, database: Database, channels: Mapping[str, Callable[[str], None]]) -> None:
        self._database = database
        self._channels = channels
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen in the background."""
        self._task = asyncio.create_task(self._run(), name="listener")

    async def stop(self) -> None:
        """End the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                pause = FIRST_PAUSE if await self._listen() else pause
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("listener.lost", error=repr(error)[:200])
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _listen(self) -> bool:
        """Listen until the connection is lost; true once it had been there."""
        connection, lost = await self._database.raw(), asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: lost.set())
            for channel in self._channels:
                await connection.add_listener(channel, self._heard)
            for callback in self._channels.values():
                callback("")
            while not await _within(CHECK_EVERY, lost):
                try:
                    await connection.execute("SELECT 1")
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                    break
        finally:
            connection.terminate()
        log.warning("listener.lost")
        return True

    def _heard(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        self._channels[channel](str(payload))


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
