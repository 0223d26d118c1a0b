"""Whether a queued message is still worth sending, and what is kept of its fate."""

from collections.abc import Collection, Sequence
from uuid import UUID

from prometheus_client import Counter

from tocsin_bus.sending import GiveUp, Outcome, Retry, Sending, Sent, Tried
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_comms.store.incidents import IncidentRepository
from tocsin_comms.store.messages import MessageRepository, Thread


class Deliveries:
    """The service's side of sending. `counted` has the labels channel and outcome."""

    def __init__(self, counted: Counter) -> None:
        self._counted = counted

    async def still_wanted(self, sendings: Sequence[Sending], uow: UnitOfWork) -> Collection[UUID]:
        """All but an edit that a newer one outdates, and a reminder that somebody answered meanwhile.

        An edit is never outdated before the message was posted: replies need something to reply to.
        """
        return [sending.id for sending in sendings if await self._is_wanted(sending, uow)]

    async def recorded(self, tried: Sequence[Tried], uow: UnitOfWork) -> None:
        """Keep the receipt, and where an incident's message is."""
        for one in tried:
            await self._recorded(one.sending, one.outcome, uow)

    async def stalled(self, sending: Sending, reason: str, uow: UnitOfWork) -> None:
        """Nothing: there is no other road to a channel, and it goes out when Slack answers again."""

    async def _is_wanted(self, sending: Sending, uow: UnitOfWork) -> bool:
        incident_id = UUID(sending.payload["incident_id"])
        followed = await IncidentRepository(uow.conn).get(incident_id)
        reason = None
        if sending.payload["kind"] == "summary" and followed is not None:
            posted = await MessageRepository(uow.conn).thread(incident_id, sending.provider) is not None
            if posted and sending.payload["version"] < followed.summaries:
                reason = "a newer edit follows"
        if sending.payload["kind"] == "reminder" and followed is not None:
            reason = None if followed.promise.overdue_since else "the update came meanwhile"
        if reason is not None:
            await self._keep(sending, uow, state="dropped", reason=reason, receipt=None)
        return reason is None

    async def _recorded(self, sending: Sending, outcome: Outcome, uow: UnitOfWork) -> None:
        match outcome:
            case Sent(receipt):
                await self._keep_thread(sending, receipt, uow)
                await self._keep(sending, uow, state="sent", reason=None, receipt=receipt)
            case GiveUp(reason):
                await self._keep(sending, uow, state="failed", reason=reason, receipt=None)
            case Retry(reason):
                await self._keep(sending, uow, state="retrying", reason=reason, receipt=None)
            case _:
                reason = f"{outcome.reason}; it is looked for before it is sent again"
                await self._keep(sending, uow, state="retrying", reason=reason, receipt=None)

    async def _keep_thread(self, sending: Sending, receipt: str, uow: UnitOfWork) -> None:
        if sending.payload["kind"] != "summary":
            return
        channel, _, ts = receipt.partition(":")
        incident_id = UUID(sending.payload["incident_id"])
        thread = Thread(channel, ts)
        await MessageRepository(uow.conn).keep_thread(
            incident_id, sending.provider, thread=thread, now=uow.now
        )

    async def _keep(
        self, sending: Sending, uow: UnitOfWork, *, state: str, reason: str | None, receipt: str | None
    ) -> None:
        await MessageRepository(uow.conn).record(
            sending.id, state=state, attempts=sending.attempt, reason=reason, receipt=receipt, now=uow.now
        )
        channel = sending.provider
        uow.after_commit(lambda: self._counted.labels(channel=channel, outcome=state).inc())
        uow.announce("comms")
