"""What leaves for the outside: a row first; then claim, send with no transaction open, record under a fence (R29)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import orjson

from tocsin_bus.berths import Berth
from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_runtime.ids import new_id
from tocsin_runtime.statement import Statement, to_json
from tocsin_runtime.writes import Write

LEASE = timedelta(seconds=5)
"""For so long a claim stands after its owner last renewed it: then the owner is dead, and another sends it."""
NOW = "coalesce(CAST(:now AS timestamptz), now())"
UNTIL = f"({NOW} + CAST(:lease AS interval))"
"""In SQL, the time by the one clock of all who claim: `uow.fixed_now`, or the database's; and the end of a claim."""


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
    cause: Cause


@dataclass(frozen=True)
class Sent:
    """A proven acceptance only: 2xx, `ok: true`, the final 250 (R30)."""

    provider_id: str = ""


@dataclass(frozen=True)
class Retry:
    """Not accepted, may be later; `after` seconds when the provider said so.

    `well`: the place works and asks for a slower pace. It is sent less at once then, and does not count as broken.
    """

    reason: str
    after: float | None = None
    well: bool = False


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
    """One message that is to leave, and why: what becomes of it is told for the same cause.

    Sendings of one `order_key` go one after another. After `not_after` no further try begins. `destination` names the
    server that it goes to, where a provider has many: one that hangs holds up only what goes there.
    """

    provider: str
    subject: UUID
    payload: dict[str, Any]
    idempotency_key: str
    cause: Cause
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
        cause=uow.cause,
        not_after=not_after,
        order_key=order_key,
        destination=destination,
    )
    uow.wake(f"send.{provider}")
    row = await _QUEUE_UNLESS_KNOWN.row(uow.conn, **_values(uow, [_waiting(new, now=uow.now)]))
    return row["id"] if row else None


def queue_sendings(uow: UnitOfWork, new: Sequence[NewSending], *, at_once: bool = False) -> None:
    """The same for several whose keys are new, in this order, written with all else that the unit of work writes.

    `at_once` says that nothing in this unit of work can make them unwanted any more: then those for which this process
    has room are written as claimed by it, and leave right after the commit.
    """
    if not new:
        return
    rows = [_waiting(one, now=uow.now) for one in new]
    for row, one in zip(rows, new, strict=True):
        berth = uow.berths(one.provider, one.destination) if at_once and one.order_key is None else None
        if berth is None:
            uow.wake(f"send.{one.provider}")
        else:
            row |= _CLAIMED
            _leave(uow, berth, sending=_as_claimed(row, cause=one.cause))
    uow.write(Write(_QUEUE, _values(uow, rows)))


def _waiting(one: NewSending, *, now: datetime) -> dict[str, Any]:
    told = {**vars(one), **vars(one.cause)}
    del told["cause"]
    begun = {"state": "pending", "attempts": 0, "fence": 0, "may_repeat": False, "stalled": False}
    return {"id": new_id(), **told, **begun, "created_at": now}


def _values(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> dict[str, object]:
    return {"rows": to_json(rows), "now": uow.fixed_now, "lease": LEASE}


def _leave(uow: UnitOfWork, berth: Berth, *, sending: Sending) -> None:
    uow.after_commit(lambda: berth.use(sending, since=uow.began))
    uow.after_rollback(berth.give_back)


def _as_claimed(row: dict[str, Any], *, cause: Cause) -> Sending:
    """What `claim` would have read."""
    same = ("id", "provider", "destination", "subject", "idempotency_key", "created_at")
    payload = orjson.loads(to_json(row["payload"]))
    told = {name: row[name] for name in same}
    return Sending(**told, payload=payload, attempt=1, fence=1, may_repeat=False, cause=cause)


_CLAIMED = {"state": "sending", "attempts": 1, "fence": 1}
_COLUMNS = (
    "id, provider, subject, order_key, destination, payload, idempotency_key, state, attempts, fence, may_repeat,"
    " stalled, not_after, correlation_id, causation_id, traceparent, created_at"
)
_ADD = (
    f"INSERT INTO sendings ({_COLUMNS}, claimed_at, next_try_at) SELECT {_COLUMNS},"
    f" CASE state WHEN 'sending' THEN {NOW} END, CASE state WHEN 'sending' THEN {UNTIL} ELSE {NOW} END"
    " FROM jsonb_populate_recordset(CAST(NULL AS sendings), CAST(:rows AS jsonb))"
)
_QUEUE = Statement(_ADD)
_QUEUE_UNLESS_KNOWN = Statement(f"{_ADD} ON CONFLICT (provider, idempotency_key) DO NOTHING RETURNING id")
