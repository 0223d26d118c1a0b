"""LISTEN on a connection of its own. A notification is a hint only: whoever waits for it also polls (R26)."""

import asyncio
from collections.abc import Callable, Mapping

import asyncpg
import structlog

from tocsin_runtime.database import Database

log = structlog.get_logger("tocsin.listener")
CHECK_EVERY = 15.0


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
        pause = 0.2
        while True:
            try:
                await self._listen()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("listener.lost", error=repr(error)[:200])
            await asyncio.sleep(pause)
            pause = min(5.0, pause * 2)

    async def _listen(self) -> None:
        connection = await self._database.raw()
        try:
            for channel in self._channels:
                await connection.add_listener(channel, self._heard)
            for callback in self._channels.values():
                callback("")
            while not connection.is_closed():
                await asyncio.sleep(CHECK_EVERY)
                await connection.execute("SELECT 1")
        finally:
            connection.terminate()

    def _heard(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        self._channels[channel](str(payload))
