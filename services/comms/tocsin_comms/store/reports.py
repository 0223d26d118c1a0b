"""Public reports with their updates."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Uuid, and_, any_, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_comms.domain.component import Trouble
from tocsin_comms.domain.report import Affected, Report, Update
from tocsin_comms.domain.states import ComponentState, Impact, PublicStatus, Severity, Visibility
from tocsin_comms.store.tables import reports, updates
from tocsin_runtime.statement import Row, Statement, columns_of

_PUBLIC = reports.c.visibility == Visibility.PUBLIC.value
_OPEN = reports.c.status != PublicStatus.RESOLVED.value
_OF_INCIDENT = Statement(select(reports).where(reports.c.incident_id == bindparam("incident")))
_COLUMNS = columns_of(reports)
_BARE = Statement(f"SELECT {_COLUMNS} FROM reports WHERE incident_id = ANY(CAST(:incidents AS uuid[]))")
_SHOWN = Statement(
    select(reports)
    .where(_PUBLIC, _OPEN | (reports.c.started_at > bindparam("since")))
    .order_by(reports.c.started_at.desc(), reports.c.id.desc())
    .limit(bindparam("most"))
)
_TROUBLES = Statement(
    "SELECT DISTINCT ON (service_id, severity) incident_id, service_id, severity, started_at FROM reports"
    " WHERE visibility = 'public' AND status <> 'resolved' AND incident_id <> ALL(CAST(:besides AS uuid[]))"
    " ORDER BY service_id, severity, started_at"
)
_SAVE = Statement(
    f"INSERT INTO reports ({_COLUMNS}) SELECT {_COLUMNS}"
    " FROM jsonb_populate_recordset(CAST(NULL AS reports), CAST(:rows AS jsonb)) ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(
        f'"{column.name}" = excluded."{column.name}"' for column in reports.columns if column.name != "id"
    )
)
_SAY = Statement(
    "INSERT INTO report_updates (id, report_id, status, body, author, affected, at)"
    " SELECT id, report_id, status, body, author, affected, at"
    " FROM jsonb_populate_recordset(CAST(NULL AS report_updates), CAST(:rows AS jsonb)) ON CONFLICT DO NOTHING"
)
_SAID = Statement(
    select(updates)
    .where(updates.c.report_id == any_(bindparam("reports", type_=ARRAY(Uuid))))
    .order_by(updates.c.position.desc())
)


class ReportRepository:
    """A report changes while its incident's row is locked."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def of_incident(self, incident_id: UUID) -> Report | None:
        """The report on this incident, with its updates; null when there is none."""
        row = await _OF_INCIDENT.row(self._conn, incident=incident_id)
        if row is None:
            return None
        said = await self._updates([row["id"]])
        return _report(row, said.get(row["id"], ()))

    async def bare(self, incident_ids: Sequence[UUID]) -> dict[UUID, Report]:
        """The reports on these incidents without their updates, by incident: for what only moves them on."""
        if not incident_ids:
            return {}
        rows = await _BARE.rows(self._conn, incidents=incident_ids)
        return {row["incident_id"]: _report(row, ()) for row in rows}

    async def of_incidents(self, incident_ids: Sequence[UUID]) -> dict[UUID, Report]:
        """The reports on these incidents, by incident."""
        found = await self._load(reports.c.incident_id.in_(incident_ids), len(incident_ids))
        return {report.incident_id: report for report in found}

    async def public(self, report_id: UUID) -> Report | None:
        """A report that the world may see."""
        found = await self._load(and_(reports.c.id == report_id, _PUBLIC))
        return found[0] if found else None

    async def shown(self, since: datetime, limit: int) -> list[Report]:
        """What the world may see: all that is open, and what began since then; the newest first."""
        return await self._told(await _SHOWN.rows(self._conn, since=since, most=limit))

    async def held(self, limit: int) -> list[Report]:
        """What waits for a human, the newest first; what is over no longer waits."""
        return await self._load(and_(reports.c.visibility == Visibility.HELD.value, _OPEN), limit)

    async def troubles(self, *, besides: Collection[UUID]) -> tuple[Trouble, ...]:
        """What is open and public, as components see it, but for these incidents: of each service and severity only
        the oldest, for in a storm thousands of them say the same.
        """
        rows = await _TROUBLES.rows(self._conn, besides=list(besides))
        return tuple(
            Trouble(row["incident_id"], row["service_id"], Severity(row["severity"]), row["started_at"])
            for row in rows
        )

    async def save(self, several: Sequence[Report]) -> None:
        """Write these reports, each of them once; their updates are kept apart."""
        await _SAVE.run(self._conn, rows=_rows([_values(report) for report in several]))

    async def say(self, told: Sequence[tuple[UUID, Update]]) -> None:
        """Add updates, each to the report with that id; the same one a second time is no second update."""
        if told:
            await _SAY.run(self._conn, rows=_rows([_said(report_id, update) for report_id, update in told]))

    async def drop_drafts(self, report: Report) -> None:
        """Forget what a template drafted and nobody ever saw."""
        drafts = and_(updates.c.report_id == report.id, updates.c.author == "template")
        await self._conn.execute(delete(updates).where(drafts))

    async def _load(self, where: Any, limit: int = 1) -> list[Report]:
        query = (
            select(reports)
            .where(where)
            .order_by(reports.c.started_at.desc(), reports.c.id.desc())
            .limit(limit)
        )
        return await self._told((await self._conn.execute(query)).mappings().all())

    async def _told(self, rows: Sequence[Row]) -> list[Report]:
        if not rows:
            return []
        said = await self._updates([row["id"] for row in rows])
        return [_report(row, said.get(row["id"], ())) for row in rows]

    async def _updates(self, report_ids: Sequence[UUID]) -> dict[UUID, tuple[Update, ...]]:
        found: dict[UUID, tuple[Update, ...]] = {}
        for row in await _SAID.rows(self._conn, reports=report_ids):
            found[row["report_id"]] = (*found.get(row["report_id"], ()), _update(row))
        return found


def _rows(values: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(values, default=str).decode()  # the driver has a UUID of its own


def _said(report_id: UUID, told: Update) -> dict[str, Any]:
    return {
        "id": told.id,
        "report_id": report_id,
        "status": told.status.value,
        "body": told.body,
        "author": told.author,
        "affected": _dump(told.affected),
        "at": told.at,
    }


def _values(report: Report) -> dict[str, Any]:
    return {
        "id": report.id,
        "incident_id": report.incident_id,
        "number": report.number,
        "title": report.title,
        "title_by_hand": report.title_by_hand,
        "visibility": report.visibility.value,
        "reason": report.reason,
        "by_hand": report.by_hand,
        "status": report.status.value,
        "impact": report.impact.value,
        "severity": report.severity.value,
        "service_id": report.service_id,
        "affected": _dump(report.affected),
        "version": report.version,
        "started_at": report.started_at,
        "monitoring_at": report.monitoring_at,
        "resolved_at": report.resolved_at,
        "published_at": report.published_at,
        "created_at": report.created_at,
        "updated_at": report.updated_at,
    }


def _report(row: Row, said: tuple[Update, ...]) -> Report:
    return Report(
        id=row["id"],
        incident_id=row["incident_id"],
        number=row["number"],
        title=row["title"],
        visibility=Visibility(row["visibility"]),
        reason=row["reason"],
        status=PublicStatus(row["status"]),
        impact=Impact(row["impact"]),
        severity=Severity(row["severity"]),
        started_at=row["started_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
        by_hand=row["by_hand"],
        title_by_hand=row["title_by_hand"],
        service_id=row["service_id"],
        monitoring_at=row["monitoring_at"],
        resolved_at=row["resolved_at"],
        published_at=row["published_at"],
        affected=_affected(row["affected"]),
        updates=said,
    )


def _update(row: Row) -> Update:
    return Update(
        id=row["id"],
        status=PublicStatus(row["status"]),
        body=row["body"],
        at=row["at"],
        author=row["author"],
        affected=_affected(row["affected"]),
    )


def _dump(affected: Sequence[Affected]) -> list[dict[str, str]]:
    return [
        {
            "component_id": str(each.component_id),
            "name": each.name,
            "before": each.before.value,
            "after": each.after.value,
        }
        for each in affected
    ]


def _affected(stored: Sequence[Mapping[str, str]]) -> tuple[Affected, ...]:
    return tuple(
        Affected(
            UUID(each["component_id"]),
            each["name"],
            ComponentState(each["before"]),
            ComponentState(each["after"]),
        )
        for each in stored
    )
