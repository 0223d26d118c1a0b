"""What lists and pages read: keyset by id, newest first, no counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, bindparam, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_detector.domain.alert import Alert, Status
from tocsin_detector.domain.health import DeliveryLine, Verdict
from tocsin_detector.domain.matchers import Comparison, Matcher
from tocsin_detector.domain.severity import Severity
from tocsin_detector.store.alerts import load_alert
from tocsin_detector.store.catalogue import services_called
from tocsin_detector.store.incidents import incident_called
from tocsin_detector.store.tables import alerts, deliveries
from tocsin_runtime.statement import Statement

EXPIRED = "SELECT FROM alerts WHERE status <> 'resolved' AND expires_at IS NOT NULL AND expires_at <= :now"
"""Finds a row when an alert's time is over."""


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """What is looked for; empty and None mean "any".

    `service` is a slug, name or alias, or what the sender wrote; `incident_id` may be the incident's number.
    """

    integration_id: UUID | None = None
    dedup_key: str | None = None
    status: Sequence[Status] = ()
    severity: Sequence[Severity] = ()
    service: str | None = None
    service_id: UUID | None = None
    source: str | None = None
    group_key: str | None = None
    group_id: UUID | None = None
    incident_id: UUID | int | None = None
    matchers: Sequence[Matcher] = ()


class AlertQueries:
    """Reads alerts."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def get(self, alert_id: UUID) -> Alert | None:
        """The alert, None when there is none."""
        row = (
            (await self._conn.execute(select(alerts).where(alerts.c.id == alert_id))).mappings().one_or_none()
        )
        return load_alert(row) if row is not None else None

    async def page(self, wanted: AlertFilter, *, before: UUID | None, limit: int) -> list[Alert]:
        """Up to `limit` alerts older than `before`, newest first."""
        query = select(alerts).where(*await self._conditions(wanted))
        if before is not None:
            query = query.where(alerts.c.id < before)
        rows = await self._conn.execute(query.order_by(alerts.c.id.desc()).limit(limit))
        return [load_alert(row) for row in rows.mappings()]

    async def any_exist(self) -> bool:
        """Whether any alert ever came in."""
        return (await self._conn.execute(select(alerts.c.id).limit(1))).first() is not None

    async def _conditions(self, wanted: AlertFilter) -> list[ColumnElement[bool]]:
        same = {
            alerts.c.integration_id: wanted.integration_id,
            alerts.c.dedup_key: wanted.dedup_key,
            alerts.c.service_id: wanted.service_id,
            alerts.c.source: wanted.source,
            alerts.c.group_key: wanted.group_key,
            alerts.c.group_id: wanted.group_id,
        }
        conditions: list[ColumnElement[bool]] = [
            column == value for column, value in same.items() if value is not None
        ]
        if wanted.incident_id is not None:
            conditions.append(alerts.c.incident_id == incident_called(wanted.incident_id))
        if wanted.status:
            conditions.append(_among(alerts.c.status, wanted.status, name="status"))
        if wanted.severity:
            conditions.append(_among(alerts.c.severity, wanted.severity, name="severity"))
        if wanted.service is not None:
            conditions.append(await self._of_service(wanted.service))
        return conditions + [_matching(matcher) for matcher in wanted.matchers]

    async def _of_service(self, name: str) -> ColumnElement[bool]:
        known = (await services_called(self._conn, [name])).get(name.strip().lower())
        if known is not None:
            return alerts.c.service_id == known
        return func.lower(alerts.c.service) == name.strip().lower()


def _matching(matcher: Matcher) -> ColumnElement[bool]:
    value = func.coalesce(alerts.c.labels[matcher.name].astext, "")
    whole = f"^(?:{matcher.value})$"
    match matcher.comparison:
        case Comparison.IS:
            return value == matcher.value
        case Comparison.IS_NOT:
            return value != matcher.value
        case Comparison.MATCHES:
            return value.op("~")(whole)
        case Comparison.MATCHES_NOT:
            return value.op("!~")(whole)


def _among(column: Any, values: Sequence[Status | Severity | Verdict], *, name: str) -> ColumnElement[bool]:
    """Written into the statement, not bound, so that the planner sees which partial index fits. From enums only."""
    words = [value.value for value in values]
    if len(words) == 1:
        return column == bindparam(name, words[0], literal_execute=True)  # type: ignore[no-any-return]
    return or_(
        *(column == bindparam(f"{name}_{i}", word, literal_execute=True) for i, word in enumerate(words))
    )


async def expired_alerts(
    conn: AsyncConnection, now: datetime, *, not_before: datetime, limit: int
) -> list[Alert]:
    """Open alerts not told again in time. Those last told before `not_before` have their whole time again from then."""
    rows = await conn.execute(_EXPIRED, {"now": now, "not_before": not_before, "limit": limit})
    return [load_alert(row) for row in rows.mappings()]


@dataclass(frozen=True, slots=True)
class KeptDelivery:
    """A delivery as it is kept, but for its body."""

    id: UUID
    integration_id: UUID
    received_at: datetime
    road: str
    verdict: Verdict
    reason: str | None
    accepted: int
    ignored: int
    replay_of: UUID | None
    content_type: str | None
    size: int
    body_missing: str | None
    times: int
    traceparent: str | None


class DeliveryQueries:
    """Reads deliveries."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def get(self, delivery_id: UUID) -> KeptDelivery | None:
        """The delivery, None when there is none, or not any more."""
        rows = await self._conn.execute(select(*_KEPT).where(deliveries.c.id == delivery_id))
        row = rows.mappings().one_or_none()
        return _kept(row) if row is not None else None

    async def body(self, delivery_id: UUID) -> bytes | None:
        """What was sent."""
        query = select(deliveries.c.body).where(deliveries.c.id == delivery_id)
        body: bytes | None = (await self._conn.execute(query)).scalar_one_or_none()
        return body

    async def page(
        self, *, integration_id: UUID | None, verdict: Verdict | None, before: UUID | None, limit: int
    ) -> list[KeptDelivery]:
        """Up to `limit` deliveries older than `before`, newest first."""
        query = select(*_KEPT)
        if integration_id is not None:
            query = query.where(deliveries.c.integration_id == integration_id)
        if verdict is not None:
            query = query.where(_among(deliveries.c.verdict, [verdict], name="verdict"))
        if before is not None:
            query = query.where(deliveries.c.id < before)
        rows = await self._conn.execute(query.order_by(deliveries.c.id.desc()).limit(limit))
        return [_kept(row) for row in rows.mappings()]

    async def latest_of(self, integrations: Sequence[UUID], *, each: int) -> dict[UUID, list[DeliveryLine]]:
        """The last deliveries, newest first, up to `each` of each integration; those that have none are left out."""
        latest: dict[UUID, list[DeliveryLine]] = {}
        for row in await _LATEST_OF.rows(self._conn, integrations=list(integrations), each=each):
            line = DeliveryLine(
                row["id"], row["received_at"], Verdict(row["verdict"]), row["reason"], times=row["times"]
            )
            latest.setdefault(row["integration_id"], []).append(line)
        return latest


def _kept(row: RowMapping) -> KeptDelivery:
    values: dict[str, Any] = {str(name): value for name, value in row.items()}
    values["verdict"] = Verdict(values["verdict"])
    return KeptDelivery(**values)


_KEPT = (
    deliveries.c.id,
    deliveries.c.integration_id,
    deliveries.c.received_at,
    deliveries.c.road,
    deliveries.c.verdict,
    deliveries.c.reason,
    deliveries.c.accepted,
    deliveries.c.ignored,
    deliveries.c.replay_of,
    deliveries.c.content_type,
    func.length(deliveries.c.body).label("size"),
    deliveries.c.body_missing,
    deliveries.c.times,
    deliveries.c.traceparent,
)
_LATEST_OF = Statement(
    "SELECT latest.* FROM unnest(CAST(:integrations AS uuid[])) AS wanted(id) CROSS JOIN LATERAL"
    " (SELECT id, integration_id, received_at, verdict, reason, times FROM deliveries"
    " WHERE integration_id = wanted.id ORDER BY id DESC LIMIT CAST(:each AS int)) AS latest"
    " ORDER BY latest.id DESC"
)
_EXPIRED = text(
    EXPIRED.replace("FROM", "* FROM", 1)
    + " AND (last_received_at >= :not_before OR CAST(:now AS timestamptz) - CAST(:not_before AS timestamptz)"
    " >= expires_at - last_received_at) ORDER BY expires_at LIMIT :limit"
)
