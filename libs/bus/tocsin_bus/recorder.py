"""Writes down what became of each try, under its fence, and tells the service (R29, R30)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from tocsin_bus.parked import is_transient, is_unreachable
from tocsin_bus.sending import Outgoing, Sent, Tried
from tocsin_bus.sending_rows import record
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_runtime.clock import monotonic

log = structlog.get_logger("tocsin.sending")
RECORD_AGAIN, RECORD_WITHIN = 0.5, 15.0
TOGETHER_WITHIN = 3.0
"""Seconds for a record of many: whoever else of the provider was sent waits behind it."""


@dataclass(eq=False)
class _Waiting:
    """What was sent, and whether that is written down."""

    tried: Tried
    told: bool = False


class Recorder:
    """One for each runner. What is sent while a record is being written joins the next one; nobody waits for company.

    Only what was sent has company: all else may move an escalation on, and so take locks that others wait for.
    """

    def __init__(self, provider: str, outgoing: Outgoing, open_uow: OpenUnitOfWork) -> None:
        self._provider = provider
        self._outgoing = outgoing
        self._open_uow = open_uow
        self._recording = asyncio.Lock()
        self._waiting: list[_Waiting] = []

    async def record(self, tried: Tried) -> None:
        """Return once it is written down. Raises what kept it from that for too long."""
        if isinstance(tried.outcome, Sent) and await self._told_with_others(tried):
            return None
        until = monotonic() + RECORD_WITHIN
        while True:
            try:
                return await self._tell([tried])
            except Exception as error:
                # What the provider took is sent again if nobody writes it down.
                if not (is_unreachable(error) or is_transient(error)):
                    return await self._record_untold(tried)
                if monotonic() > until:
                    raise
                log.warning("sending.not_recorded_yet", provider=self._provider, error=repr(error)[:200])
                await asyncio.sleep(RECORD_AGAIN)

    async def _told_with_others(self, tried: Tried) -> bool:
        """False where that went wrong, whosever fault it was: then each is told alone."""
        mine = _Waiting(tried)
        self._waiting.append(mine)
        async with self._recording:
            if mine in self._waiting:  # else another has taken it along
                await asyncio.sleep(0)  # whose answer came in the same turn of the loop comes along
                await self._tell_waiting()
        return mine.told

    async def _tell_waiting(self) -> None:
        together, self._waiting = self._waiting, []
        try:
            async with asyncio.timeout(TOGETHER_WITHIN):
                await self._tell([one.tried for one in together])
        except Exception as error:  # noqa: BLE001 - alone, each finds out for itself
            log.warning("sending.not_recorded_together", provider=self._provider, error=repr(error)[:200])
            return
        for one in together:
            one.told = True

    async def _tell(self, tried: Sequence[Tried]) -> None:
        async with self._open_uow(cause=tried[0].sending.cause) as uow:
            mine = await record(uow, tried)
            if mine:
                await self._outgoing.recorded(mine, uow)
        for one in tried:
            if one not in mine:
                log.warning("sending.fenced_off", provider=self._provider, sending=str(one.sending.id))

    async def _record_untold(self, tried: Tried) -> None:
        """The service cannot take the outcome in, and never will: keep it here, so that nobody is sent it for ever."""
        log.exception("sending.not_told", provider=self._provider, sending=str(tried.sending.id))
        async with self._open_uow(cause=tried.sending.cause) as uow:
            await record(uow, [tried])
