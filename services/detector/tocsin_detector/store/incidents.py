"""Which number each incident has that alerts belong to, as the incidents service told it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_detector.store.tables import incidents
from tocsin_runtime.statement import Statement

_LEARN = Statement(
    "INSERT INTO incidents (id, number) SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS integer[]))"
    " ON CONFLICT DO NOTHING"
)


class IncidentNumbers:
    """Writes them; an incident keeps its number."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def learn(self, numbers: Mapping[UUID, int]) -> None:
        """Keep the number of each incident that is not known yet."""
        ids = sorted(numbers)
        await _LEARN.run(self._conn, ids=ids, numbers=[numbers[id_] for id_ in ids])


def incident_called(ref: UUID | int) -> Any:
    """The id of the incident, for a condition: null for a number that was never heard of."""
    if isinstance(ref, UUID):
        return ref
    return select(incidents.c.id).where(incidents.c.number == ref).scalar_subquery()
