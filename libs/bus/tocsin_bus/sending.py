"""What leaves for the outside: a row first; then claim, send with no transaction open, record under a fence (R29)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_runtime.ids import new_id
from tocsin_runtime.statement import Statement, to_json
from tocsin_runtime.writes import Write


@dataclass(frozen=True)
class Sending:
    """One message on its way. `attempt` counts from 1; `may_repeat` says an earlier try may have got through."""

    id: UUID
    provider: str
    destination: str
    subject: UUID
    payload: dict[str, Any]
    idempotency_key: str
    attempt: int
    fence: int
    may_repeat: bool
    created_at: datetime
    correlation_id: UUID


@dataclass(frozen=True)
class Sent:
    """A proven acceptance only: 2xx, `ok: true`, the final 250 (R30)."""

    provider_id: str = ""


@dataclass(frozen=True)
class Retry:
    """Not accepted, may be later; `after` seconds when the provider said so."""

    reason: str
    after: float | None = None


@dataclass(frozen=True)
class GiveUp:
    """No try will help: the next channel is used at once."""

    reason: str


@dataclass(frozen=True)
class Unknown:
    """It may have got through: sent again under the same key, marked "may repeat" where there is none."""

    reason: str


Outcome = Sent | Retry | GiveUp | Unknown


@dataclass(frozen=True)
class Tried:
    """A try of a sending, and what became of it. What is to be tried again is due in `pause` seconds."""

    sending: Sending
    outcome: Outcome
    pause: float = 0.0


@dataclass(frozen=True)
class NewSending:
    """One message that is to leave, and the story that it belongs to.

    Sendings of one `order_key` go one after another. After `not_after` no further try begins. `destination` names the
    server that it goes to, where a provider has many: one that hangs holds up only what goes there.
    """

    provider: str
    subject: UUID
    payload: dict[str, Any]
    idempotency_key: str
    correlation_id: UUID
    not_after: datetime | None = None
    order_key: str | None = None
    destination: str = ""


class Provider(Protocol):
    """One way out. `send` has 10 s in all and opens no transaction."""

    @property
    def name(self) -> str: ...

    @property
    def one_place(self) -> bool:
        """True when all that it sends goes to one server; else each sending names its destination."""
        ...

    async def send(self, sending: Sending) -> Outcome: ...


class Outgoing(Protocol):
    """The service's side, each call inside a short transaction."""

    async def still_wanted(self, sendings: Sequence[Sending], uow: UnitOfWork) -> Collection[UUID]:
        """Asked right before they are sent (R31): the ids of those that are to leave. The others are cancelled."""
        ...

    async def recorded(self, tried: Sequence[Tried], uow: UnitOfWork) -> None:
        """The final outcome: Sent or GiveUp once, a Retry or Unknown each time. Tell it by events.

        Several at once were all Sent, and each event names the cause of its own; one alone has the unit's.
        """
        ...

    async def stalled(self, sending: Sending, reason: str, uow: UnitOfWork) -> None:
        """It is due, but its destination does not answer: it waits until that does. Told once for each such wait."""
        ...


async def queue_sending(
    uow: UnitOfWork,
    *,
    provider: str,
    subject: UUID,
    payload: dict[str, Any],
    idempotency_key: str,
    not_after: datetime | None = None,
    order_key: str | None = None,
    destination: str = "",
) -> UUID | None:
    """Send this once the unit of work commits. The same provider and key a second time is no second message: None."""
    new = NewSending(
        provider,
        subject=subject,
        payload=payload,
        idempotency_key=idempotency_key,
        correlation_id=uow.correlation_id,
        not_after=not_after,
        order_key=order_key,
        destination=destination,
    )
    uow.wake(f"send.{provider}")
    row = await _QUEUE.row(uow.conn, **_queued([new], now=uow.now))
    return row["id"] if row else None


def queue_sendings(uow: UnitOfWork, new: Sequence[NewSending]) -> None:
    """The same for several, in this order, written with all else that the unit of work writes."""
    if new:
        uow.write(Write(_QUEUE, _queued(new, now=uow.now)))
    for provider in {one.provider for one in new}:
        uow.wake(f"send.{provider}")


def _queued(new: Sequence[NewSending], *, now: datetime) -> dict[str, object]:
    return {"rows": to_json([{"id": new_id(), **vars(one)} for one in new]), "now": now}


_QUEUE = Statement(
    "INSERT INTO sendings (id, provider, subject, order_key, destination, payload, idempotency_key, state, next_try_at,"
    " not_after, correlation_id, created_at) SELECT id, provider, subject, order_key, destination, payload,"
    " idempotency_key, 'pending', CAST(:now AS timestamptz), not_after, correlation_id, CAST(:now AS timestamptz)"
    " FROM jsonb_populate_recordset(CAST(NULL AS sendings), CAST(:rows AS jsonb))"
    " ON CONFLICT (provider, idempotency_key) DO NOTHING RETURNING id"
)
