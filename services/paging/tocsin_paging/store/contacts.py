"""Contact methods."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_paging.domain.contact import Channel, Contact
from tocsin_paging.store.tables import contact_methods
from tocsin_runtime.statement import Row, Statement, columns_of


class ContactRepository:
    """Reads and writes contact methods."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def get(self, contact_id: UUID, *, lock: bool = False) -> Contact | None:
        """Return the contact method, its row locked if asked; None when there is none or it is deleted."""
        query = _living().where(contact_methods.c.id == contact_id)
        row = (await self._conn.execute(query.with_for_update() if lock else query)).mappings().first()
        return _contact(row) if row else None

    async def of_people(self, user_ids: Iterable[UUID]) -> dict[UUID, list[Contact]]:
        """Return the contact methods of each of these people, oldest first; nobody without one is in it."""
        found: dict[UUID, list[Contact]] = defaultdict(list)
        for row in await _OF_PEOPLE.rows(self._conn, people=list(user_ids)):
            found[row["user_id"]].append(_contact(row))
        return dict(found)

    async def add(self, contact: Contact, *, now: datetime) -> bool:
        """Insert a contact method; False when the person has the same one already."""
        row = insert(contact_methods).values(
            **_values(contact), id=contact.id, user_id=contact.user_id, created_at=now, updated_at=now
        )
        inserted = await self._conn.execute(row.on_conflict_do_nothing().returning(contact_methods.c.id))
        return inserted.first() is not None

    async def save(self, contact: Contact, *, now: datetime) -> None:
        """Write a changed contact method."""
        mine = contact_methods.c.id == contact.id
        values = {**_values(contact), "updated_at": now}
        await self._conn.execute(update(contact_methods).where(mine).values(values))

    async def remove(self, contact_id: UUID, *, now: datetime) -> None:
        """Mark the contact method as deleted; pages that went to it still name it."""
        mine = contact_methods.c.id == contact_id
        await self._conn.execute(update(contact_methods).where(mine).values(deleted_at=now))


_OF_PEOPLE = Statement(
    f"SELECT {columns_of(contact_methods)} FROM contact_methods"
    " WHERE user_id = ANY(CAST(:people AS uuid[])) AND deleted_at IS NULL ORDER BY id"
)


def _living() -> Select[Any]:
    return select(contact_methods).where(contact_methods.c.deleted_at.is_(None))


def _values(contact: Contact) -> dict[str, object]:
    return {
        "channel": contact.channel.value,
        "address": contact.address,
        "label": contact.label,
        "enabled": contact.enabled,
        "version": contact.version,
    }


def _contact(row: Row) -> Contact:
    return Contact(
        row["id"],
        user_id=row["user_id"],
        channel=Channel(row["channel"]),
        address=row["address"],
        label=row["label"],
        enabled=row["enabled"],
        version=row["version"],
    )
