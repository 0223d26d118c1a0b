"""Alerts and their groups: many are read and written by one statement each, so that a turn costs a few round trips."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_detector.domain.alert import Alert, Group, Status
from tocsin_detector.domain.severity import Severity
from tocsin_detector.store.tables import alerts
from tocsin_runtime.statement import Row, Statement
from tocsin_runtime.writes import Write

_COLUMNS = {
    "id": "uuid",
    "integration_id": "uuid",
    "dedup_key": "text",
    "group_id": "uuid",
    "group_key": "text",
    "status": "text",
    "severity": "text",
    "title": "text",
    "description": "text",
    "source": "text",
    "service": "text",
    "service_id": "uuid",
    "labels": "jsonb",
    "annotations": "jsonb",
    "url": "text",
    "opened_at": "timestamptz",
    "started_at": "timestamptz",
    "sender_started_at": "timestamptz",
    "last_received_at": "timestamptz",
    "told_at": "timestamptz",
    "ended_at": "timestamptz",
    "end_reason": "text",
    "expires_at": "timestamptz",
    "count": "int",
    "incident_id": "uuid",
}
_CHANGING = (
    "status",
    "severity",
    "title",
    "description",
    "labels",
    "annotations",
    "url",
    "last_received_at",
    "told_at",
    "ended_at",
    "end_reason",
    "expires_at",
    "count",
    "incident_id",
)
_GROUP_COLUMNS = {
    "id": "uuid",
    "integration_id": "uuid",
    "key": "text",
    "opened_at": "timestamptz",
    "last_joined_at": "timestamptz",
    "open_alerts": "int",
    "alerts": "int",
    "closed_at": "timestamptz",
}
Key = tuple[UUID, str]


class AlertRepository:
    """Hold the lanes of the integrations before you read what you are going to change."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def latest(self, keys: Collection[Key]) -> list[Alert]:
        """The newest alert of each (integration, dedup key): the open one, else the one that ended last."""
        integrations, names = [k[0] for k in keys], [k[1] for k in keys]
        rows = await _LATEST.rows(self._conn, integrations=integrations, keys=names)
        return [load_alert(row) for row in rows]

    async def with_ids(self, ids: Iterable[UUID]) -> list[Alert]:
        """These alerts, those that exist."""
        return [load_alert(row) for row in await _WITH_IDS.rows(self._conn, ids=list(ids))]

    async def open_of_incident(self, incident_id: UUID) -> list[Alert]:
        """The alerts of an incident that have not ended."""
        mine = (alerts.c.incident_id == incident_id) & (alerts.c.status != Status.RESOLVED)
        rows = await self._conn.execute(select(alerts).where(mine))
        return [load_alert(row) for row in rows.mappings()]

    async def groups(self, keys: Collection[Key], ids: Collection[UUID]) -> list[Group]:
        """The last group of each (integration, group key), open or ended, and the groups with these ids."""
        integrations, names = [k[0] for k in keys], [k[1] for k in keys]
        rows = await _GROUPS.rows(self._conn, integrations=integrations, keys=names, ids=list(ids))
        return [Group(**row) for row in rows]

    async def save(self, changed: Sequence[Alert]) -> None:
        """Write what can change of alerts."""
        if changed:
            await _SAVE.run(self._conn, **_arrays(changed, ("id", *_CHANGING)))

    async def save_groups(self, changed: Sequence[Group]) -> None:
        """Write what can change of groups."""
        if changed:
            columns = ("id", "opened_at", "last_joined_at", "open_alerts", "alerts", "closed_at")
            await _SAVE_GROUPS.run(self._conn, **_arrays(sorted(changed, key=_place), columns))


def added(new: Sequence[Alert]) -> Write:
    """Writes new alerts. Save the changed ones first: one that ended makes room for its successor."""
    return Write(_ADD, _arrays(new, _COLUMNS))


def groups_added(new: Sequence[Group]) -> Write:
    """Writes new groups, in key order. Save the changed ones first: one that closed makes room for its successor."""
    return Write(_ADD_GROUPS, _arrays(sorted(new, key=_place), _GROUP_COLUMNS))


def load_alert(row: Row) -> Alert:
    """The alert that a row holds."""
    values: dict[str, Any] = {name: row[name] for name in _FIELDS}
    values["status"], values["severity"] = Status(values["status"]), Severity(values["severity"])
    return Alert(**values)


def _place(group: Group) -> tuple[UUID, str]:
    return group.integration_id, group.key


def _arrays(rows: Sequence[Alert] | Sequence[Group], columns: Iterable[str]) -> dict[str, list[Any]]:
    arrays: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in columns}
    for name in ("labels", "annotations"):
        if name in arrays:
            arrays[name] = [orjson.dumps(value).decode() for value in arrays[name]]
    return arrays


def _array_list(columns: Mapping[str, str]) -> str:
    return ", ".join(f"CAST(:{name} AS {_wire(kind)}[])" for name, kind in columns.items())


def _wire(kind: str) -> str:
    return "text" if kind == "jsonb" else kind


def _selected(columns: Mapping[str, str]) -> str:
    return ", ".join(
        f"CAST(new.{name} AS jsonb)" if kind == "jsonb" else f"new.{name}" for name, kind in columns.items()
    )


_FIELDS = tuple(field.name for field in fields(Alert))
_CHANGED_COLUMNS = {name: _COLUMNS[name] for name in ("id", *_CHANGING)}
_ADD = Statement(
    f"INSERT INTO alerts ({', '.join(_COLUMNS)}) SELECT {_selected(_COLUMNS)}"
    f" FROM unnest({_array_list(_COLUMNS)}) AS new({', '.join(_COLUMNS)})"
)
_SAVE = Statement(
    "UPDATE alerts SET "
    + ", ".join(
        f"{name} = " + (f"CAST(new.{name} AS jsonb)" if _COLUMNS[name] == "jsonb" else f"new.{name}")
        for name in _CHANGING
    )
    + f" FROM unnest({_array_list(_CHANGED_COLUMNS)}) AS new({', '.join(_CHANGED_COLUMNS)}) WHERE alerts.id = new.id"
)
_WITH_IDS = Statement(f"SELECT {', '.join(_FIELDS)} FROM alerts WHERE id = ANY(CAST(:ids AS uuid[]))")
_LATEST = Statement(
    f"SELECT {', '.join('a.' + name for name in _FIELDS)}"
    " FROM unnest(CAST(:integrations AS uuid[]), CAST(:keys AS text[])) AS k(integration_id, dedup_key)"
    " CROSS JOIN LATERAL (SELECT * FROM alerts WHERE integration_id = k.integration_id AND dedup_key = k.dedup_key"
    " ORDER BY ended_at DESC NULLS FIRST LIMIT 1) AS a"
)
_GROUPS = Statement(
    f"SELECT {', '.join('g.' + name for name in _GROUP_COLUMNS)}"
    " FROM unnest(CAST(:integrations AS uuid[]), CAST(:keys AS text[])) AS k(integration_id, key)"
    " CROSS JOIN LATERAL (SELECT * FROM alert_groups WHERE integration_id = k.integration_id AND key = k.key"
    " ORDER BY closed_at DESC NULLS FIRST LIMIT 1) AS g"
    f" UNION SELECT {', '.join(_GROUP_COLUMNS)} FROM alert_groups WHERE id = ANY(CAST(:ids AS uuid[]))"
)
_ADD_GROUPS = Statement(
    f"INSERT INTO alert_groups ({', '.join(_GROUP_COLUMNS)}) SELECT * FROM unnest({_array_list(_GROUP_COLUMNS)})"
)
_SAVE_GROUPS = Statement(
    "UPDATE alert_groups SET opened_at = new.opened_at, last_joined_at = new.last_joined_at,"
    " open_alerts = new.open_alerts, alerts = new.alerts, closed_at = new.closed_at"
    " FROM unnest(CAST(:id AS uuid[]), CAST(:opened_at AS timestamptz[]), CAST(:last_joined_at AS timestamptz[]),"
    " CAST(:open_alerts AS int[]), CAST(:alerts AS int[]), CAST(:closed_at AS timestamptz[]))"
    " AS new(id, opened_at, last_joined_at, open_alerts, alerts, closed_at) WHERE alert_groups.id = new.id"
)
