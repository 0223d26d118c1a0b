"""Which number each incident has that alerts belong to, as the incidents service told it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_detector.store.tables import incidents

_LEARN = insert(incidents).on_conflict_do_nothing()


class IncidentNumbers:
    """Writes them; an incident keeps its number."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def learn(self, numbers: Mapping[UUID, int]) -> None:
        """Keep the number of each incident that is not known yet."""
        if numbers:
            rows = [{"id": id_, "number": number} for id_, number in sorted(numbers.items())]
            await self._conn.execute(_LEARN.values(rows))


def incident_called(ref: UUID | int) -> Any:
    """The id of the incident, for a condition: null for a number that was never heard of."""
    if isinstance(ref, UUID):
        return ref
    return select(incidents.c.id).where(incidents.c.number == ref).scalar_subquery()
