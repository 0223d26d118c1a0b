"""What lists and pages read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_access.directory import Directory
from tocsin_incidents.domain.catalogue import folded
from tocsin_incidents.domain.incident import Incident, Origin, Ref, Status
from tocsin_incidents.domain.severity import Severity
from tocsin_incidents.domain.timeline import OF_PAGING, Kind
from tocsin_incidents.store.incidents import COLUMNS, DRILL, OVER, load
from tocsin_incidents.store.services import ServiceRepository
from tocsin_incidents.store.tables import incidents, timeline_entries
from tocsin_runtime.statement import Statement

OPEN = frozenset(status for status in Status if status.is_open)

_RECENT = 1_000
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_OPEN_BY_SEVERITY = Statement(
    select(incidents.c.severity, func.count().label("many"))
    .where(incidents.c.rank < DRILL)
    .group_by(incidents.c.severity)
)
_SINCE = func.coalesce(incidents.c.reopened_at, incidents.c.opened_at)
_TOLD = exists().where(
    timeline_entries.c.incident_id == incidents.c.id,
    timeline_entries.c.at >= _SINCE,
    or_(*(timeline_entries.c.kind == str(kind) for kind in sorted(OF_PAGING))),
)
_UNPAGED = Statement(
    select(func.count()).where(
        incidents.c.number > select(func.max(incidents.c.number) - _RECENT).scalar_subquery(),
        incidents.c.status == str(Status.DETECTED),
        incidents.c.rank < DRILL,
        bindparam("opened_before") > _SINCE,
        ~_TOLD,
    )
)

Position = tuple[int, int]
"""Where a page of the list ends: rank and number."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of the list; None, or none, lets all through.

    `refs` all name the incident; `words` are looked for in titles.
    """

    statuses: frozenset[Status] | None = None
    is_open: bool | None = None
    severities: Sequence[Severity] | None = None
    service_ids: Sequence[UUID] | None = None
    team_ids: Sequence[UUID] | None = None
    assignee_id: UUID | None = None
    origins: Sequence[Origin] | None = None
    public: bool | None = None
    drill: bool | None = None
    refs: Sequence[Ref] = ()
    words: str = ""


async def list_incidents(
    conn: AsyncConnection, wanted: Wanted, *, limit: int, after: Position | None = None
) -> list[tuple[Incident, Position]]:
    """Open ones first, the gravest first, drills last, the newest first; then those that are over."""
    chosen = select(*COLUMNS, incidents.c.rank).where(*_conditions(wanted))
    if after is not None:
        rank, number = after
        beyond = (incidents.c.rank == rank) & (incidents.c.number < number)
        chosen = chosen.where(incidents.c.rank >= rank, or_(incidents.c.rank > rank, beyond))
    ordered = chosen.order_by(incidents.c.rank, incidents.c.number.desc()).limit(limit)
    return [(load(row), (row.rank, row.number)) for row in await conn.execute(ordered)]


async def open_by_severity(conn: AsyncConnection) -> dict[Severity, int]:
    """How many are open of each severity, drills left out."""
    return {Severity(row["severity"]): row["many"] for row in await _OPEN_BY_SEVERITY.rows(conn)}


async def unpaged(conn: AsyncConnection, *, opened_before: datetime) -> int:
    """How many open incidents nobody has answered and paging has told nothing of since they were opened, or reopened.

    Drills are left out, and only the newest `_RECENT` incidents are looked at.
    """
    return int(await _UNPAGED.value(conn, opened_before=opened_before))


async def open_by_service(conn: AsyncConnection, service_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many are open of each of these services; those with none are left out."""
    counts = (
        select(incidents.c.service_id, func.count())
        .where(incidents.c.rank < OVER, incidents.c.service_id.in_(service_ids))
        .group_by(incidents.c.service_id)
    )
    return {row[0]: row[1] for row in await conn.execute(counts)}


async def gravest_open(conn: AsyncConnection, *, limit: int) -> list[Incident]:
    """The newest open SEV-1s, drills left out, for the red line."""
    chosen = (
        select(*COLUMNS).where(incidents.c.rank == Severity.SEV1.rank).order_by(incidents.c.number.desc())
    )
    return [load(row) for row in await conn.execute(chosen.limit(limit))]


async def moved_at(conn: AsyncConnection, incident: Incident) -> dict[str, datetime]:
    """When each state was last entered by hand, since the present occurrence began."""
    entries, status = timeline_entries.c, timeline_entries.c.data["status"].astext
    moves = (
        select(status, func.max(entries.at))
        .where(
            entries.incident_id == incident.id,
            entries.kind == Kind.STATUS_CHANGED,
            entries.at >= incident.started_at,
        )
        .group_by(status)
    )
    return {row[0]: row[1] for row in await conn.execute(moves)}


async def service_ids_called(conn: AsyncConnection, names: Sequence[str]) -> list[UUID]:
    """The services that go by these ids, slugs, names or aliases; what nothing goes by is left out."""
    found = await ServiceRepository(conn).called([folded(name) for name in names])
    return [service.id for service in found] + _ids_in(names)


async def team_ids_called(conn: AsyncConnection, names: Sequence[str]) -> list[UUID]:
    """The teams that go by these ids, slugs or names; what nothing goes by is left out."""
    wanted = {folded(name) for name in names}
    teams = await Directory(conn).teams()
    return [team.id for team in teams if wanted & {folded(team.slug), folded(team.name)}] + _ids_in(names)


def _ids_in(names: Sequence[str]) -> list[UUID]:
    return [UUID(name) for name in names if _UUID.fullmatch(name)]


def _standing(statuses: frozenset[Status]) -> Any:
    """All that is open, or all that is over, is found by rank, which is the order of the list."""
    if statuses == OPEN:
        return incidents.c.rank < OVER
    if statuses == frozenset(Status) - OPEN:
        return incidents.c.rank == OVER
    return incidents.c.status.in_(statuses)


def _named(ref: Ref) -> Any:
    return incidents.c.number == ref if isinstance(ref, int) else incidents.c.id == ref


def _conditions(wanted: Wanted) -> list[Any]:
    conditions: list[Any] = [_named(ref) for ref in wanted.refs]
    if wanted.statuses is not None:
        conditions.append(_standing(wanted.statuses))
    if wanted.is_open is not None:
        conditions.append(incidents.c.rank < OVER if wanted.is_open else incidents.c.rank == OVER)
    for column, values in (
        (incidents.c.severity, wanted.severities),
        (incidents.c.service_id, wanted.service_ids),
        (incidents.c.team_id, wanted.team_ids),
        (incidents.c.origin, wanted.origins),
    ):
        if values is not None:
            conditions.append(column.in_(values))
    for flag, is_set in ((incidents.c.public, wanted.public), (incidents.c.drill, wanted.drill)):
        if is_set is not None:  # as the partial indexes say it
            conditions.append(flag if is_set else ~flag)
    if wanted.assignee_id is not None:
        conditions.append(incidents.c.assignee_id == wanted.assignee_id)
    if wanted.words:
        conditions.append(incidents.c.title.icontains(wanted.words, autoescape=True))
    return conditions
