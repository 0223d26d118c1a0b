"""The second road of a parked event: tried again alone, in its place within its key, until it is done or dead."""

from collections.abc import Callable

import structlog

from tocsin_bus.inbox import admit
from tocsin_bus.parked import Parked, claim_head, event_id_of, failed_again, finish
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
                parked = await claim_head(uow.conn, self._subscriptions.consumer, now=uow.now)
                if parked is None:
                    return 0
                await self._try(uow, parked)
        except Exception as error:
            if parked is None:
                raise
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
        envelope = parked.record.envelope
        kind = envelope.type if envelope else "unreadable"
        async with self._open_uow() as uow:
            if not await failed_again(uow.conn, parked, error=error, now=uow.now):
                log.warning(
                    "parked.failed_again", type=kind, attempts=parked.attempts + 1, error=repr(error)[:300]
                )
                return
            log.error(
                "parked.dead", type=kind, event_id=str(event_id_of(parked.record)), error=repr(error)[:300]
            )
            self._observe(kind, "dead", 1)
            uow.wake("parked")
            await self._tell(uow, parked, reason=repr(error))

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
