"""Facts, joined with what is already stored.

Telling the same twice, late, or in another order changes nothing.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Table, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_analytics.domain.deliveries import AlertFacts, PageFacts, merge_alerts, merge_pages
from tocsin_analytics.domain.facts import IncidentFacts, merge, severity_history
from tocsin_analytics.domain.rows import row_of
from tocsin_analytics.store.tables import alert_facts, incident_facts, page_facts

_FOLDED = TypeAdapter(IncidentFacts)
Told = TypeVar("Told")


class FactsRepository:
    """Holds the row's lock from the first call on, so that two topics may speak of one incident at once."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def add_incident(self, told: IncidentFacts, now: datetime) -> None:
        """Join what an event said of an incident with all that is known of it."""
        await self._join(incident_facts, told, load=_load, merged=merge, dump=lambda facts: _dump(facts, now))

    async def add_page(self, told: PageFacts) -> None:
        """Join what an event said of a page with all that is known of it."""
        await self._join(page_facts, told, load=_load_page, merged=merge_pages, dump=asdict)

    async def add_alert(self, told: AlertFacts) -> None:
        """Join what an event said of an alert with all that is known of it."""
        await self._join(alert_facts, told, load=_load_alert, merged=merge_alerts, dump=asdict)

    async def _join(
        self,
        table: Table,
        told: Told,
        *,
        load: Callable[[dict[str, Any]], Told],
        merged: Callable[[Told, Told], Told],
        dump: Callable[[Told], dict[str, Any]],
    ) -> None:
        values = dump(told)
        [key] = table.primary_key.columns
        new = insert(table).values(values).on_conflict_do_nothing().returning(key)
        if (await self._conn.execute(new)).first() is not None:
            return
        mine = key == values[key.name]
        stored = (await self._conn.execute(select(table).where(mine).with_for_update())).mappings().one()
        known = load(dict(stored))
        after = merged(known, told)
        if after != known:
            await self._conn.execute(update(table).where(mine).values(dump(after)))


def _dump(facts: IncidentFacts, now: datetime) -> dict[str, Any]:
    folded = {
        "incident_id": facts.incident_id,
        "folded": _FOLDED.dump_python(facts, mode="json"),
        "applied_at": now,
    }
    row = row_of(facts)
    return folded if row is None else {**asdict(row), **folded, "severities": list(severity_history(facts))}


def _load(stored: dict[str, Any]) -> IncidentFacts:
    return _FOLDED.validate_python(stored["folded"])


def _load_page(stored: dict[str, Any]) -> PageFacts:
    return PageFacts(**stored)


def _load_alert(stored: dict[str, Any]) -> AlertFacts:
    return AlertFacts(**stored)
