"""Contact methods: how to reach a person. Addresses were checked by the adapters before they come here."""

from dataclasses import dataclass, replace
from uuid import UUID

from tocsin_access.directory import Directory
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_paging.domain.contact import Channel, Contact, Fit
from tocsin_paging.domain.errors import ConflictError, InvalidChangeError, NotFoundError, at
from tocsin_paging.store.contacts import ContactRepository
from tocsin_runtime.ids import new_id

MOST_CONTACTS = 20


@dataclass(frozen=True)
class ContactWish:
    """A contact method as somebody wants it."""

    channel: Channel
    address: str
    label: str = ""
    enabled: bool = True


async def add_contact(uow: UnitOfWork, user_id: UUID, wish: ContactWish) -> Contact:
    """Add a contact method. Raises `NotFoundError`, `ConflictError` when the person has the same one already."""
    await _check_room(uow, user_id)
    contact = Contact(new_id(), user_id=user_id, **vars(wish))
    if not await ContactRepository(uow.conn).add(contact, now=uow.now):
        raise ConflictError("This person has this contact method already.")
    uow.announce("people")
    return contact


async def put_contacts(uow: UnitOfWork, user_id: UUID, wishes: list[ContactWish]) -> list[Contact]:
    """Make sure that the person has these contact methods; others that they have stay. Again changes nothing."""
    known = await _by_address(ContactRepository(uow.conn), user_id)
    made = []
    for number, wish in enumerate(wishes):
        contact = known.get((wish.channel, wish.address))
        with at(f"/items/{number}"):
            made.append(
                await change_contact(uow, contact, label=wish.label, enabled=wish.enabled)
                if contact
                else await add_contact(uow, user_id, wish)
            )
    return made


async def compare_contacts(
    contacts: ContactRepository, user_id: UUID, wishes: list[ContactWish]
) -> list[Fit]:
    """What `put_contacts` would do about each, in their order, decided here because no answer shows whole addresses."""
    known = await _by_address(contacts, user_id)
    return [_fit(known.get((wish.channel, wish.address)), wish) for wish in wishes]


async def contact_to_change(uow: UnitOfWork, user_id: UUID, contact_id: UUID) -> Contact:
    """Return the person's contact method, locked until the commit. Raises `NotFoundError`."""
    contact = await ContactRepository(uow.conn).get(contact_id, lock=True)
    if contact is None or contact.user_id != user_id:
        raise no_contact(contact_id)
    return contact


def no_contact(contact_id: UUID) -> NotFoundError:
    """What to say when the person has no such contact method."""
    return NotFoundError(f"There is no contact method {contact_id} of this person.")


async def change_contact(
    uow: UnitOfWork, contact: Contact, *, label: str | None = None, enabled: bool | None = None
) -> Contact:
    """Change the label, or switch it on or off. For another address add another contact method."""
    after = replace(
        contact,
        label=contact.label if label is None else label,
        enabled=contact.enabled if enabled is None else enabled,
    )
    if after == contact:
        return contact
    after = replace(after, version=contact.version + 1)
    await ContactRepository(uow.conn).save(after, now=uow.now)
    uow.announce("people")
    return after


async def remove_contact(uow: UnitOfWork, contact: Contact) -> None:
    """Remove a contact method. Who has none left is reached by the e-mail address they log in with."""
    await ContactRepository(uow.conn).remove(contact.id, now=uow.now)
    uow.announce("people")


async def _by_address(contacts: ContactRepository, user_id: UUID) -> dict[tuple[Channel, str], Contact]:
    found = (await contacts.of_people([user_id])).get(user_id, [])
    return {(contact.channel, contact.address): contact for contact in found}


def _fit(contact: Contact | None, wish: ContactWish) -> Fit:
    if contact is None:
        return Fit.CREATE
    same = (contact.label, contact.enabled) == (wish.label, wish.enabled)
    return Fit.KEEP if same else Fit.CHANGE


async def _check_room(uow: UnitOfWork, user_id: UUID) -> None:
    if await Directory(uow.conn).user(user_id) is None:
        raise NotFoundError(f"There is no person {user_id}.")
    known = (await ContactRepository(uow.conn).of_people([user_id])).get(user_id, [])
    if len(known) >= MOST_CONTACTS:
        raise InvalidChangeError(f"A person has at most {MOST_CONTACTS} contact methods. Remove one first.")
