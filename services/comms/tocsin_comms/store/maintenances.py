"""Planned work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_comms.domain.maintenance import Maintenance, MaintenanceStatus
from tocsin_comms.store.tables import maintenances
from tocsin_runtime.statement import Row, Statement

Place = tuple[datetime, UUID]
"""Where a page of the list ends: when the last work begins, and its id."""


@dataclass(frozen=True, slots=True)
class WorkFilter:
    """What a list of planned work is narrowed to; no `component_id` means any."""

    statuses: Sequence[MaintenanceStatus] = (MaintenanceStatus.SCHEDULED, MaintenanceStatus.IN_PROGRESS)
    component_id: UUID | None = None


_SINCE = Statement(
    select(maintenances)
    .where(maintenances.c.ends_at > bindparam("moment"))
    .order_by(maintenances.c.starts_at)
)


class MaintenanceRepository:
    """Changes are made while the page's row is locked."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def since(self, moment: datetime) -> list[Maintenance]:
        """What ends after that moment, the next to begin first."""
        return [_load(row) for row in await _SINCE.rows(self._conn, moment=moment)]

    async def listed(
        self, wanted: WorkFilter, now: datetime, *, after: Place | None, limit: int
    ) -> list[Maintenance]:
        """Work in these states at `now`, the next to begin first, from `after` on."""
        begins, ends = maintenances.c.starts_at, maintenances.c.ends_at
        standing = {
            MaintenanceStatus.SCHEDULED: begins > now,
            MaintenanceStatus.IN_PROGRESS: (begins <= now) & (ends > now),
            MaintenanceStatus.COMPLETED: ends <= now,
        }
        query = select(maintenances).where(or_(*(standing[status] for status in wanted.statuses)))
        if wanted.component_id is not None:
            query = query.where(maintenances.c.component_ids.contains([wanted.component_id]))
        if after is not None:
            query = query.where(tuple_(begins, maintenances.c.id) > tuple_(*map(literal, after)))
        rows = await self._conn.execute(query.order_by(begins, maintenances.c.id).limit(limit))
        return [_load(row) for row in rows.mappings()]

    async def get(self, work_id: UUID) -> Maintenance | None:
        """One of them."""
        row = (
            (await self._conn.execute(select(maintenances).where(maintenances.c.id == work_id)))
            .mappings()
            .one_or_none()
        )
        return _load(row) if row else None

    async def save(self, work: Maintenance) -> None:
        """Write it."""
        values = {
            "id": work.id,
            "name": work.name,
            "body": work.body,
            "component_ids": sorted(work.component_ids),
            "starts_at": work.starts_at,
            "ends_at": work.ends_at,
            "created_at": work.created_at,
            "updated_at": work.updated_at,
        }
        query = insert(maintenances).values(values)
        await self._conn.execute(query.on_conflict_do_update(index_elements=["id"], set_=values))

    async def remove(self, work_id: UUID) -> bool:
        """Take it off the page; false when there is none."""
        removed = await self._conn.execute(delete(maintenances).where(maintenances.c.id == work_id))
        return removed.rowcount > 0


def _load(row: Row) -> Maintenance:
    return Maintenance(
        id=row["id"],
        name=row["name"],
        body=row["body"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        component_ids=frozenset(row["component_ids"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
