"""Every decision with its reason, kept beside the alert and the delivery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_detector.store.tables import decisions
from tocsin_runtime.statement import Statement
from tocsin_runtime.writes import Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision. `item` is the signal's place in its delivery; both are None when no delivery led to it."""

    alert_id: UUID | None
    delivery_id: UUID | None = None
    item: int | None = None
    decided_at: datetime
    verb: str
    reason: str
    details: Mapping[str, Any] = field(default_factory=dict)


class DecisionLog:
    """Reads decisions."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def of_alert(self, alert_id: UUID, *, limit: int = 200) -> list[Decided]:
        """The decisions about an alert: the first one, and the latest others, oldest first."""
        mine = select(decisions).where(decisions.c.alert_id == alert_id)
        first = (await self._conn.execute(mine.order_by(decisions.c.position).limit(1))).mappings().all()
        latest = (
            (await self._conn.execute(mine.order_by(decisions.c.position.desc()).limit(limit)))
            .mappings()
            .all()
        )
        rows = {row["position"]: row for row in (*first, *latest)}
        return [_load(rows[position]) for position in sorted(rows)]

    async def of_delivery(self, delivery_id: UUID, *, limit: int = 500) -> list[Decided]:
        """The decisions that a delivery led to."""
        mine = select(decisions).where(decisions.c.delivery_id == delivery_id)
        rows = await self._conn.execute(mine.order_by(decisions.c.position).limit(limit))
        return [_load(row) for row in rows.mappings()]

    async def alerts_of(self, deliveries: Sequence[UUID]) -> dict[UUID, list[UUID]]:
        """The alerts that each delivery touched."""
        rows = await _ALERTS_OF.rows(self._conn, deliveries=list(deliveries))
        return {row["delivery_id"]: list(row["alerts"]) for row in rows}


def kept(decided: Sequence[Decided]) -> Write:
    """Keeps them, in this order."""
    return Write(
        _ADD,
        {
            "alerts": [d.alert_id for d in decided],
            "deliveries": [d.delivery_id for d in decided],
            "items": [d.item for d in decided],
            "times": [d.decided_at for d in decided],
            "verbs": [d.verb for d in decided],
            "reasons": [d.reason for d in decided],
            "details": [orjson.dumps(d.details).decode() for d in decided],
        },
    )


def _load(row: RowMapping) -> Decided:
    return Decided(
        alert_id=row["alert_id"],
        delivery_id=row["delivery_id"],
        item=row["item"],
        decided_at=row["decided_at"],
        verb=row["verb"],
        reason=row["reason"],
        details=row["details"],
    )


_ADD = Statement(
    "INSERT INTO decisions (alert_id, delivery_id, item, decided_at, verb, reason, details)"
    " SELECT a, d, i, t, v, r, CAST(x AS jsonb) FROM unnest(CAST(:alerts AS uuid[]), CAST(:deliveries AS uuid[]),"
    " CAST(:items AS int[]), CAST(:times AS timestamptz[]), CAST(:verbs AS text[]), CAST(:reasons AS text[]),"
    " CAST(:details AS text[])) AS new(a, d, i, t, v, r, x)"
)
_ALERTS_OF = Statement(
    "SELECT delivery_id, array_agg(DISTINCT alert_id) AS alerts FROM decisions"
    " WHERE delivery_id = ANY(CAST(:deliveries AS uuid[])) AND alert_id IS NOT NULL GROUP BY delivery_id"
)
