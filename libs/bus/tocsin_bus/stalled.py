"""Tells the service of what waits for a place that does not answer, so that it can take another road (R30, R32)."""

import asyncio
from collections.abc import Mapping

import structlog

from tocsin_bus.parked import is_transient, is_unreachable
from tocsin_bus.sending import Outgoing
from tocsin_bus.sending_rows import take_stalled
from tocsin_bus.unit_of_work import OpenUnitOfWork

log = structlog.get_logger("tocsin.sending")


class StalledTeller:
    """One for each runner. Of each sending it tells once, in a transaction of its own."""

    def __init__(self, provider: str, outgoing: Outgoing, open_uow: OpenUnitOfWork) -> None:
        self._provider = provider
        self._outgoing = outgoing
        self._open_uow = open_uow
        self._telling: asyncio.Task[None] | None = None

    def tell(self, broken: Mapping[str, str]) -> None:
        """Tell, beside all else, of what waits for these places; each comes with what it said last."""
        if broken and (self._telling is None or self._telling.done()):
            self._telling = asyncio.create_task(self._tell_all(broken), name=f"stalled-{self._provider}")

    async def told(self) -> None:
        """Wait until that is done."""
        if self._telling is not None:
            await self._telling

    async def close(self) -> None:
        """Stop; who comes next finds out again."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    async def _tell_all(self, broken: Mapping[str, str]) -> None:
        try:
            while await self._tell_one(broken):
                pass
        except Exception as error:  # noqa: BLE001 - the next turn goes on with it
            log.warning("sending.stalled_not_told_yet", provider=self._provider, error=repr(error)[:300])

    async def _tell_one(self, broken: Mapping[str, str]) -> bool:
        try:
            return await self._take(broken, tell=True)
        except Exception as error:
            if is_unreachable(error) or is_transient(error):
                raise
            log.exception("sending.stalled_not_told", provider=self._provider)
        return await self._take(
            broken, tell=False
        )  # what the service cannot take in, it is not told for ever

    async def _take(self, broken: Mapping[str, str], *, tell: bool) -> bool:
        async with self._open_uow() as uow:
            sending = await take_stalled(uow, provider=self._provider, destinations=list(broken))
            if sending is not None and tell:
                uow.cause = sending.cause
                await self._outgoing.stalled(sending, broken[sending.destination], uow)
        return sending is not None
