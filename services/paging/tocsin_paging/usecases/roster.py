"""Gathers whom a step aims at now, and how to reach them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from tocsin_access.directory import Directory
from tocsin_access.entries import User
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_paging.domain.contact import Channel, Contact
from tocsin_paging.domain.escalation import Escalation, Recipient
from tocsin_paging.domain.policy import LAST_RESORT, Step
from tocsin_paging.domain.targets import aimed_at
from tocsin_paging.store.contacts import ContactRepository
from tocsin_paging.store.on_call import NO_POLICY, NOBODY_ELSE, administrators_of, known_targets
from tocsin_runtime.ids import new_id


@dataclass
class Gathered:
    """Recipients by step number (from 1), whoever stands in for all of them, and the contact methods they name."""

    roster: dict[int, tuple[Recipient, ...]] = field(default_factory=dict)
    administrators: tuple[Recipient, ...] = ()
    contacts: dict[UUID, Contact] = field(default_factory=dict)


async def gather(uow: UnitOfWork, escalation: Escalation, *, also: UUID | None = None) -> Gathered:
    """Return the recipients of the next step that reaches somebody, and of those before it that reach nobody.

    Where that is none of a whole round, administrators are gathered too.
    `also` is a person who is told with the first of them.
    """
    gathered, steps = Gathered(), escalation.policy.steps
    first = 0 if escalation.step >= len(steps) else escalation.step
    for number, step in enumerate(steps[first:], start=first + 1):
        if escalation.policy.id == LAST_RESORT.id:
            recipients = await administrators(uow, gathered, why=NO_POLICY)
        else:
            recipients = await _recipients(uow, step, gathered)
        if also is not None:
            extra = await _reachable(uow, {also: "acknowledged, then silent"}, gathered)
            named = {recipient.user_id for recipient in recipients}
            recipients += tuple(recipient for recipient in extra if recipient.user_id not in named)
            also = None
        gathered.roster[number] = recipients
        if any(recipient.contacts for recipient in recipients):
            return gathered
    if first == 0:
        gathered.administrators = await administrators(uow, gathered, why=NOBODY_ELSE)
    return gathered


async def administrators(uow: UnitOfWork, gathered: Gathered, *, why: str) -> tuple[Recipient, ...]:
    """Return everybody who may configure Tocsin; their contact methods are added to what is gathered."""
    found = await administrators_of(uow.conn)
    return await _reachable(uow, {user.id: why for user in found}, gathered)


async def _recipients(uow: UnitOfWork, step: Step, gathered: Gathered) -> tuple[Recipient, ...]:
    known = await known_targets(uow.conn, [step], since=uow.now)
    aims = aimed_at(step, known, at=uow.now)
    return await _reachable(uow, {aim.user_id: aim.why for aim in aims}, gathered)


async def _reachable(uow: UnitOfWork, why: dict[UUID, str], gathered: Gathered) -> tuple[Recipient, ...]:
    users = await Directory(uow.conn).people(why)
    contacts = await contacts_of(uow, users)
    for contact in (contact for mine in contacts.values() for contact in mine):
        gathered.contacts[contact.id] = contact
    return tuple(
        Recipient(
            user.id,
            name=user.name,
            why=why[user.id],
            contacts=tuple(contact.id for contact in contacts.get(user.id, []) if contact.enabled),
            timezone=user.timezone,
        )
        for user in users
    )


async def contacts_of(uow: UnitOfWork, users: Iterable[User]) -> dict[UUID, list[Contact]]:
    """Return everybody's contact methods. Who never made one is reached by the e-mail address they log in with.

    Another transaction may make that one at the same time: then it is the one that is used.
    """
    people = list(users)
    repository = ContactRepository(uow.conn)
    found = await repository.of_people([user.id for user in people])
    missing = [user for user in people if user.id not in found and user.email]
    for user in missing:
        contact = Contact(new_id(), user_id=user.id, channel=Channel.EMAIL, address=user.email)
        await repository.add(replace(contact, label="Log-in address"), now=uow.now)
    return found | await repository.of_people([user.id for user in missing]) if missing else found
