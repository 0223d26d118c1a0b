"""Adding, changing and removing people. Each change is told to every service in the same transaction."""

from dataclasses import dataclass, replace
from uuid import UUID

from tocsin_access.directory import tell
from tocsin_access.roles import EVERYTHING, ROLE_SCOPES, within
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.directory import Role, UserChanged
from tocsin_paging.domain.errors import ConflictError, NameTakenError, NotAllowedError, NotFoundError
from tocsin_paging.domain.person import Person, PersonChange, RoleName, changed, is_last_admin
from tocsin_paging.store.people import PeopleRepository
from tocsin_paging.usecases.checks import Check
from tocsin_paging.usecases.policies import leave_all_policies
from tocsin_paging.usecases.schedules import leave_all_schedules
from tocsin_paging.usecases.sessions import end_all_sessions
from tocsin_paging.usecases.teams import leave_all_teams
from tocsin_paging.usecases.tokens import revoke_all_tokens
from tocsin_runtime.ids import new_id

ALL = frozenset({EVERYTHING})
"""What the installation itself may do: set-up makes its first administrator."""


@dataclass(frozen=True)
class NewPerson:
    """Somebody to be added; all fields are checked already."""

    name: str
    email: str
    role: RoleName
    timezone: str = "UTC"
    slack_user_id: str | None = None


async def add_person(
    uow: UnitOfWork, new: NewPerson, *, by: frozenset[str], password_hash: str | None = None
) -> Person:
    """Add somebody. `by` are the scopes of who asks: nobody makes somebody mightier than themselves.

    Raises NameTakenError when the address is taken, NotAllowedError for a role too high.
    """
    check_grant(new.role, by)
    person = Person(
        new_id(),
        name=new.name,
        email=new.email,
        role=new.role,
        timezone=new.timezone,
        slack_user_id=new.slack_user_id,
        has_password=password_hash is not None,
    )
    if not await PeopleRepository(uow.conn).add(person, now=uow.now, password_hash=password_hash):
        raise _address_taken(new.email)
    await _tell(uow, person)
    return person


async def person_to_change(uow: UnitOfWork, user_id: UUID) -> Person:
    """The person, locked until the commit. Raises NotFoundError."""
    person = await PeopleRepository(uow.conn).get(user_id, lock=True)
    if person is None:
        raise NotFoundError(f"There is no person {user_id}.")
    return person


async def change_person(
    uow: UnitOfWork, person: Person, change: PersonChange, *, by: frozenset[str]
) -> Person:
    """Change the locked person; nothing is told when nothing differs.

    Raises NameTakenError when the address is taken, ConflictError when nobody would be left to administer, and
    NotAllowedError when the person's role, before or after, is more than `by` holds.
    """
    people = PeopleRepository(uow.conn)
    admins = await people.count_admins() if change.role not in (None, person.role) else 2
    decision = changed(person, change, admins=admins)
    if decision.reason == "unchanged":
        return person
    check_grant(person.role, by)
    if decision.after is None:
        raise _last_admin()
    check_grant(decision.after.role, by)
    if not await people.save(decision.after, now=uow.now):
        raise _address_taken(decision.after.email)
    await _tell(uow, decision.after)
    return decision.after


async def put_person(
    uow: UnitOfWork, new: NewPerson, *, by: frozenset[str], check: Check | None = None
) -> tuple[Person, bool]:
    """The person with that address as wanted, and whether they were added. Doing it again changes nothing.

    Raises whatever `check` raises.
    """
    known = await PeopleRepository(uow.conn).with_email(new.email, lock=True)
    if check is not None:
        check(known.version if known else None)
    if known is None:
        return await add_person(uow, new, by=by), True
    change = PersonChange(
        name=new.name,
        email=new.email,
        role=new.role,
        timezone=new.timezone,
        slack_user_id=new.slack_user_id,
    )
    return await change_person(uow, known, change, by=by), False


async def remove_person(uow: UnitOfWork, person: Person, *, by: frozenset[str]) -> None:
    """Remove the locked person: out of teams, rotations and policies, their tokens revoked, their log-ins ended.

    Their turn goes to whoever is next, at once. Raises ConflictError when nobody would be left to administer.
    """
    people = PeopleRepository(uow.conn)
    check_grant(person.role, by)
    if is_last_admin(person, admins=await people.count_admins()):
        raise _last_admin()
    after = replace(person, version=person.version + 1)
    await people.remove(after, now=uow.now)
    await leave_all_teams(uow, person.id)
    await leave_all_schedules(uow, person.id)
    await leave_all_policies(uow, person.id)
    await revoke_all_tokens(uow, person.id)
    await end_all_sessions(uow, person.id)
    await _tell(uow, after, deleted=True)


async def set_password(uow: UnitOfWork, user_id: UUID, password_hash: str, *, keep: UUID | None) -> None:
    """Keep a new password and end all other log-ins of this person but `keep`."""
    await PeopleRepository(uow.conn).set_password(user_id, password_hash)
    await end_all_sessions(uow, user_id, keep=keep)


def check_grant(role: RoleName, by: frozenset[str]) -> None:
    """Raise NotAllowedError when the role holds more than whoever asks."""
    needed = ROLE_SCOPES[Role(role)]
    if within(needed, by) != needed:
        raise NotAllowedError(f"You cannot change people with the role {role}: it holds more than you do.")


async def _tell(uow: UnitOfWork, person: Person, *, deleted: bool = False) -> None:
    event = UserChanged(
        id=person.id,
        version=person.version,
        deleted=deleted,
        name=person.name,
        email=person.email,
        role=Role(person.role),
        timezone=person.timezone,
        slack_user_id=person.slack_user_id,
    )
    await tell(uow, event)
    uow.announce("people")


def _address_taken(email: str) -> NameTakenError:
    return NameTakenError(
        f"Somebody else has the address {email}. Change that person, or use another address."
    )


def _last_admin() -> ConflictError:
    return ConflictError("This is the last administrator. Make somebody else an administrator first.")
