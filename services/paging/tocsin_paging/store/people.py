"""People and their password hashes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, exists, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_paging.domain.person import Person, RoleName
from tocsin_paging.store.access_tables import team_members, users


@dataclass(frozen=True)
class PersonFilter:
    """What a list of people is cut down to; None means any."""

    email: str | None = None
    name: str | None = None
    role: RoleName | None = None
    timezone: str | None = None
    slack_user_id: str | None = None
    team_id: UUID | None = None


@dataclass(frozen=True)
class Credentials:
    """Whom an e-mail address belongs to, and the hash that a password is checked against."""

    user_id: UUID
    password_hash: str | None = field(repr=False)


class PeopleRepository:
    """Reads and writes people; e-mail addresses are told apart without regard to case."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def get(self, user_id: UUID, *, lock: bool = False) -> Person | None:
        """Return the person, their row locked if asked; None when unknown or deleted."""
        return await self._one(_living().where(users.c.id == user_id), lock=lock)

    async def with_email(self, email: str, *, lock: bool = False) -> Person | None:
        """Return the person with this address, their row locked if asked."""
        return await self._one(_living().where(users.c.email_key == email_key(email)), lock=lock)

    async def with_emails(self, emails: Iterable[str]) -> dict[str, UUID]:
        """Return who has these addresses, by the address in lower case; unknown ones are left out."""
        wanted = [email_key(email) for email in emails]
        rows = await self._conn.execute(_living().where(users.c.email_key.in_(wanted)))
        return {row["email_key"]: row["id"] for row in rows.mappings()}

    async def existing(self, ids: Iterable[UUID]) -> frozenset[UUID]:
        """Return those of the ids that are people."""
        rows = await self._conn.execute(_living().where(users.c.id.in_(list(ids))))
        return frozenset(row["id"] for row in rows.mappings())

    async def listed(
        self, wanted: PersonFilter, *, after: UUID | None = None, limit: int = 200
    ) -> list[Person]:
        """Return people in the order in which they were added, beginning after `after`."""
        query = _living().where(*_conditions(wanted)).order_by(users.c.id).limit(limit)
        rows = await self._conn.execute(query.where(users.c.id > after) if after else query)
        return [_person(row) for row in rows.mappings()]

    async def count_admins(self) -> int:
        """Lock all administrators' rows and count them, so that two at once cannot both be the last but one."""
        admins = select(users.c.id).where(users.c.role == "admin", users.c.deleted_at.is_(None))
        rows = await self._conn.execute(admins.order_by(users.c.id).with_for_update())
        return len(rows.all())

    async def hold(self) -> None:
        """Let nobody else add or change people until the commit."""
        await self._conn.execute(_HOLD)

    async def anybody_has_password(self) -> bool:
        """Whether anybody could log in with a password: if not, set-up is still open."""
        known = exists().where(users.c.password_hash.is_not(None), users.c.deleted_at.is_(None))
        return bool(await self._conn.scalar(select(known)))

    async def credentials(self, email: str) -> Credentials | None:
        """Return what a log-in with this address is checked against; None when nobody has it."""
        query = select(users.c.id, users.c.password_hash)
        query = query.where(users.c.email_key == email_key(email), users.c.deleted_at.is_(None))
        row = (await self._conn.execute(query)).first()
        return Credentials(row[0], row[1]) if row else None

    async def add(self, person: Person, *, now: datetime, password_hash: str | None = None) -> bool:
        """Insert a person; False when somebody else has the address."""
        values = {**_values(person), "password_hash": password_hash, "created_at": now, "updated_at": now}
        row = insert(users).values(id=person.id, **values)
        inserted = await self._conn.execute(row.on_conflict_do_nothing().returning(users.c.id))
        return inserted.first() is not None

    async def save(self, person: Person, *, now: datetime) -> bool:
        """Write a changed person; False when somebody else has the address."""
        mine = users.c.id == person.id
        try:
            async with self._conn.begin_nested():
                await self._conn.execute(update(users).where(mine).values(**_values(person), updated_at=now))
        except IntegrityError:
            return False
        return True

    async def set_password(self, user_id: UUID, password_hash: str) -> None:
        """Keep another hash. Nobody else has to know, so the version stays."""
        await self._conn.execute(
            update(users).where(users.c.id == user_id).values(password_hash=password_hash)
        )

    async def remove(self, person: Person, *, now: datetime) -> None:
        """Mark the person as deleted, without a password; stories that name them still can."""
        values = {"deleted_at": now, "updated_at": now, "password_hash": None, "version": person.version}
        await self._conn.execute(update(users).where(users.c.id == person.id).values(**values))

    async def _one(self, query: Select[Any], *, lock: bool) -> Person | None:
        if lock:
            # Before anybody's own row: two administrators who each held their own could both wait for the other's.
            await self.count_admins()
        row = (await self._conn.execute(query.with_for_update() if lock else query)).mappings().first()
        return _person(row) if row else None


_HOLD = text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")


def email_key(email: str) -> str:
    """What two spellings of one address share."""
    return email.strip().lower()


def _living() -> Select[Any]:
    return select(users).where(users.c.deleted_at.is_(None))


def _conditions(wanted: PersonFilter) -> list[Any]:
    same = {name: getattr(wanted, name) for name in ("name", "role", "timezone", "slack_user_id")}
    conditions: list[Any] = [users.c[name] == value for name, value in same.items() if value is not None]
    if wanted.email is not None:
        conditions.append(users.c.email_key == email_key(wanted.email))
    if wanted.team_id is not None:
        members = select(team_members.c.user_id).where(team_members.c.team_id == wanted.team_id)
        conditions.append(users.c.id.in_(members))
    return conditions


def _values(person: Person) -> dict[str, object]:
    return {
        "name": person.name,
        "email": person.email,
        "email_key": email_key(person.email),
        "role": person.role,
        "timezone": person.timezone,
        "slack_user_id": person.slack_user_id,
        "version": person.version,
    }


def _person(row: RowMapping) -> Person:
    return Person(
        row["id"],
        name=row["name"],
        email=row["email"],
        role=row["role"],
        timezone=row["timezone"],
        slack_user_id=row["slack_user_id"],
        version=row["version"],
        has_password=row["password_hash"] is not None,
    )
