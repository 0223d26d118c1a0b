"""A provider and a service's side, as the tests of sendings need them."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tocsin_bus.sending import GiveUp, Outcome, Retry, Sending, Sent, Tried, Unknown, queue_sending
from tocsin_bus.unit_of_work import Cause, OpenUnitOfWork, UnitOfWork
from tocsin_runtime.database import Database

SUBJECT = UUID("0195d2f0-0000-7000-8000-000000000001")
Answer = Callable[[Sending], Awaitable[Outcome]]


@dataclass
class Postbox:
    """A provider inside the test: it keeps what it was given, and answers as told, by default with acceptance."""

    name: str = "postbox"
    one_place: bool = True
    taken: list[Sending] = field(default_factory=list)
    answers: list[Outcome | Answer] = field(default_factory=list)

    async def send(self, sending: Sending) -> Outcome:
        self.taken.append(sending)
        answer = self.answers.pop(0) if self.answers else Sent(f"id-{len(self.taken)}")
        return answer if isinstance(answer, Sent | Retry | GiveUp | Unknown) else await answer(sending)


@dataclass
class Desk:
    """The service's side: says what is still wanted, and hears how it went."""

    unwanted: set[UUID] = field(default_factory=set)
    heard: list[tuple[UUID, Outcome]] = field(default_factory=list)
    held_up: list[tuple[UUID, str]] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)

    async def still_wanted(self, sendings: Sequence[Sending], uow: UnitOfWork) -> Collection[UUID]:
        return [sending.id for sending in sendings if sending.subject not in self.unwanted]

    async def recorded(self, tried: Sequence[Tried], uow: UnitOfWork) -> None:
        self.heard += [(one.sending.subject, one.outcome) for one in tried]
        self.causes.append(uow.cause)

    async def stalled(self, sending: Sending, reason: str, uow: UnitOfWork) -> None:
        self.held_up.append((sending.subject, reason))
        self.causes.append(uow.cause)


async def queue(
    open_uow: OpenUnitOfWork,
    subject: UUID = SUBJECT,
    *,
    key: str | None = None,
    order_key: str | None = None,
    not_after: datetime | None = None,
    destination: str = "",
) -> UUID | None:
    async with open_uow() as uow:
        return await queue_sending(
            uow,
            provider="postbox",
            subject=subject,
            payload={"text": "wake up"},
            idempotency_key=key or str(subject),
            order_key=order_key,
            not_after=not_after,
            destination=destination,
        )


async def row(database: Database) -> dict[str, Any]:
    async with database.read() as conn:
        return dict((await conn.execute(text("SELECT * FROM sendings"))).mappings().one())
