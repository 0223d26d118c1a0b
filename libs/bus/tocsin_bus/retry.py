"""The second road of a parked event: tried again alone, in its place within its key, until it is done or dead."""

from collections.abc import Callable

import structlog

from tocsin_bus.berths import no_berth
from tocsin_bus.inbox import admit
from tocsin_bus.naming import naming_record
from tocsin_bus.parked import (
    Parked,
    claim_head,
    event_id_of,
    failed_again,
    finish,
    is_unreachable,
    put_off,
)
from tocsin_bus.subscriptions import DeadLetter, Subscriptions
from tocsin_bus.unit_of_work import Cause, OpenUnitOfWork, UnitOfWork

log = structlog.get_logger("tocsin.parked")
Observe = Callable[[str, str, int], None]


class ParkedRunner:
    """Tries the head of each parked key when its time has come."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        open_uow: OpenUnitOfWork,
        *,
        observe: Observe = lambda kind, outcome, count: None,
    ) -> None:
        self._subscriptions = subscriptions
        self._open_uow = open_uow
        self._observe = observe

    async def run_once(self) -> int:
        """Try one parked event; returns how many were tried. Raises when the database is away."""
        parked: Parked | None = None
        try:
            async with self._open_uow() as uow:
                uow.berths = no_berth  # others of its key wait behind it, perhaps an answer
                parked = await claim_head(uow.conn, self._subscriptions.consumer, now=uow.now)
                if parked is None:
                    return 0
                with naming_record(parked.record):
                    await self._try(uow, parked)
        except Exception as error:
            if parked is None:
                raise
            with naming_record(parked.record):
                await self._count(parked, error)
        return 1

    async def _try(self, uow: UnitOfWork, parked: Parked) -> None:
        envelope = parked.record.envelope
        if envelope is None:
            raise ValueError(parked.record.problem or "unreadable")
        event = envelope.event()
        if await admit(uow.conn, self._subscriptions.consumer, event_ids=[envelope.id]):
            uow.cause = Cause.of(envelope)
            handler = self._subscriptions.handler_for(event)
            if handler is not None:
                await handler(event, uow)
        await finish(uow.conn, parked.id)
        uow.wake("parked")
        self._observe(envelope.type, "healed", 1)

    async def _count(self, parked: Parked, error: Exception) -> None:
        try:
            async with self._open_uow() as uow:
                await self._count_in(uow, parked, error)
        except Exception as failure:
            if is_unreachable(failure):
                raise
            # The service's own handler of dead letters failed: ask it again later, and go on with other keys.
            log.exception("parked.dead_handler_failed", event_id=str(event_id_of(parked.record)))
            async with self._open_uow() as uow:
                await put_off(uow.conn, parked, now=uow.now)

    async def _count_in(self, uow: UnitOfWork, parked: Parked, error: Exception) -> None:
        kind = parked.record.envelope.type if parked.record.envelope else "unreadable"
        attempts = parked.attempts + 1
        if not await failed_again(uow.conn, parked, error=error, now=uow.now):
            log.warning("parked.failed_again", type=kind, attempts=attempts, error=repr(error)[:300])
            return
        log.error("parked.dead", type=kind, event_id=str(event_id_of(parked.record)), error=repr(error)[:300])
        uow.wake("parked")
        await self._tell(uow, parked, reason=repr(error))
        self._observe(kind, "dead", 1)

    async def _tell(self, uow: UnitOfWork, parked: Parked, *, reason: str) -> None:
        if self._subscriptions.dead_handler is None:
            return
        envelope = parked.record.envelope
        if envelope is not None:
            uow.cause = Cause.of(envelope)
        letter = DeadLetter(
            parked.record.partition.topic, envelope.type if envelope else "unreadable", envelope, reason
        )
        await self._subscriptions.dead_handler(letter, uow)
