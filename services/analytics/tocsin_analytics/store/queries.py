"""What the figures are made of, read in one go each."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_analytics.domain.figures import Began
from tocsin_analytics.domain.interruptions import PageRow
from tocsin_analytics.domain.periods import Period
from tocsin_analytics.domain.rows import IncidentRow
from tocsin_analytics.store.tables import alert_facts, incident_facts, page_facts
from tocsin_runtime.statement import Statement


@dataclass(frozen=True, slots=True)
class Selection:
    """Which incidents are meant; an empty part leaves nothing out. Names are in lower case."""

    service_ids: tuple[UUID, ...] = ()
    service_names: tuple[str, ...] = ()
    team_ids: tuple[UUID, ...] = ()
    severities: tuple[str, ...] = ()


EVERYTHING = Selection()
_NEWEST_AND_KNOWN = Statement(
    "SELECT max(applied_at) AS newest, count(opened_at) AS known FROM incident_facts"
)


@dataclass(frozen=True, slots=True)
class FactRow:
    """An incident and the severities it went through, oldest first."""

    incident: IncidentRow
    severities: tuple[str, ...]


_INCIDENT = [incident_facts.c[field.name] for field in fields(IncidentRow)]
_PAGE = [page_facts.c[field.name] for field in fields(PageRow)]


class FigureQueries:
    """Reads facts.

    Incidents of which only other topics have spoken so far have no opening, and are never found.
    """

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def incidents(self, start: datetime, end: datetime, *, of: Selection) -> list[IncidentRow]:
        """Every incident that was opened from `start` until just before `end`, drills too, oldest first."""
        query = select(*_INCIDENT).where(*_opened(start, end), *_chosen(of))
        return [
            IncidentRow(*row) for row in await self._conn.execute(query.order_by(incident_facts.c.opened_at))
        ]

    async def facts(
        self,
        period: Period,
        *,
        of: Selection,
        drills: bool,
        after: tuple[datetime, UUID] | None = None,
        limit: int | None = None,
    ) -> list[FactRow]:
        """The incidents behind the figures, newest first; `after` is (opened_at, incident_id) of the last one
        seen.
        """
        opened = tuple_(incident_facts.c.opened_at, incident_facts.c.incident_id)
        query = select(*_INCIDENT, incident_facts.c.severities)
        query = query.where(
            *_opened(period.start, period.end), *_chosen(of), incident_facts.c.drill.is_(drills)
        )
        if after is not None:
            query = query.where(opened < tuple_(literal(after[0]), literal(after[1])))
        newest_first = incident_facts.c.opened_at.desc(), incident_facts.c.incident_id.desc()
        rows = await self._conn.execute(query.order_by(*newest_first).limit(limit))
        return [FactRow(IncidentRow(*row[:-1]), tuple(row[-1])) for row in rows]

    async def pages(self, period: Period, *, of: Selection, drills: bool) -> list[PageRow]:
        """Every page that a provider took in the period, for the chosen incidents."""
        query = (
            select(*_PAGE)
            .join(incident_facts, incident_facts.c.incident_id == page_facts.c.incident_id)
            .where(page_facts.c.sent_at >= period.start, page_facts.c.sent_at < period.end)
            .where(*_chosen(of), incident_facts.c.drill.is_(drills))
        )
        return [PageRow(*row) for row in await self._conn.execute(query)]

    async def alerts(self, period: Period, *, of: Selection) -> list[Began]:
        """How many alerts began, in quarters of an hour, so that any zone's days can be made of them.

        An alert has a service, but no team; the sender's severity is not the incident's.
        """
        quarter = func.date_bin(timedelta(minutes=15), alert_facts.c.opened_at, literal(period.start)).label(
            "at"
        )
        query = (
            select(quarter, alert_facts.c.severity, func.count())
            .where(alert_facts.c.opened_at >= period.start, alert_facts.c.opened_at < period.end)
            .where(*_of_services(alert_facts.c.service_id, alert_facts.c.service, of=of))
            .group_by("at", alert_facts.c.severity)
        )
        return [Began(*row) for row in await self._conn.execute(query)]

    async def services(self, limit: int = 12) -> list[str]:
        """The services that had the most incidents ever, by name, for filters."""
        name = incident_facts.c.service
        most = (
            select(name)
            .where(name.is_not(None))
            .group_by(name)
            .order_by(func.count().desc(), name)
            .limit(limit)
        )
        return sorted((await self._conn.scalars(most)).all(), key=str.lower)

    async def newest_and_known(self) -> tuple[datetime | None, int]:
        """When an event last changed an incident's facts, None before the first; and how many incidents there are."""
        [row] = await _NEWEST_AND_KNOWN.rows(self._conn)
        return row["newest"], row["known"]

    async def last_applied_at(self) -> datetime | None:
        """When an event last changed the facts of an incident; None before the first."""
        moment: datetime | None = await self._conn.scalar(select(func.max(incident_facts.c.applied_at)))
        return moment


def _opened(start: datetime, end: datetime) -> Sequence[ColumnElement[bool]]:
    return incident_facts.c.opened_at >= start, incident_facts.c.opened_at < end


def _chosen(of: Selection) -> list[ColumnElement[bool]]:
    chosen = _of_services(incident_facts.c.service_id, incident_facts.c.service, of=of)
    if of.team_ids:
        chosen.append(incident_facts.c.team_id.in_(of.team_ids))
    if of.severities:
        chosen.append(incident_facts.c.severity.in_(of.severities))
    return chosen


def _of_services(
    service_id: ColumnElement[UUID], name: ColumnElement[str], *, of: Selection
) -> list[ColumnElement[bool]]:
    if not of.service_ids and not of.service_names:
        return []
    return [or_(service_id.in_(of.service_ids), func.lower(name).in_(of.service_names))]


def place(row: FactRow) -> list[object]:
    """Where a row stands in the list of facts, for a cursor."""
    return [row.incident.opened_at.isoformat(), str(row.incident.incident_id)]


def last_seen(place: list[Any] | None) -> tuple[datetime, UUID] | None:
    """The same, read back from a cursor."""
    return None if place is None else (datetime.fromisoformat(place[0]), UUID(place[1]))
