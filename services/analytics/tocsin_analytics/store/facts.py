"""Facts, joined with what is already stored.

Telling the same twice, late, or in another order changes nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Table, bindparam, select, text, update
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

    async def add_alerts(self, told: Sequence[AlertFacts]) -> None:
        """Join what events said of alerts with all that is known of them: alerts come in storms."""
        fresh = _merged_by_alert(told)
        new = await self._conn.execute(_ADD_ALERTS, _columns(fresh.values()))
        known = [fresh[alert_id] for alert_id in sorted(fresh.keys() - set(new.scalars()))]
        if not known:
            return
        mine = alert_facts.c.alert_id.in_([one.alert_id for one in known])
        query = select(alert_facts).where(mine).order_by(alert_facts.c.alert_id).with_for_update()
        stored = [AlertFacts(**row) for row in (await self._conn.execute(query)).mappings()]
        after = [merge_alerts(one, fresh[one.alert_id]) for one in stored]
        await self._conn.execute(_CHANGE_ALERTS, _columns(after))

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
        new = insert(table).on_conflict_do_nothing().returning(key)
        if (await self._conn.execute(new, values)).first() is not None:
            return
        mine = key == bindparam("mine", values[key.name])
        stored = (await self._conn.execute(select(table).where(mine).with_for_update())).mappings().one()
        known = load(dict(stored))
        after = merged(known, told)
        if after != known:
            await self._conn.execute(update(table).where(mine), {**dump(after), "mine": values[key.name]})


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


def _merged_by_alert(told: Iterable[AlertFacts]) -> dict[UUID, AlertFacts]:
    """One for each alert, in the order in which all writers take the rows' locks."""
    merged: dict[UUID, AlertFacts] = {}
    for one in sorted(told, key=lambda facts: facts.alert_id):
        known = merged.get(one.alert_id)
        merged[one.alert_id] = merge_alerts(known, one) if known else one
    return merged


def _columns(facts: Iterable[AlertFacts]) -> dict[str, list[Any]]:
    rows = list(facts)
    return {name: [getattr(row, name) for row in rows] for name in _ALERT_COLUMNS}


_ALERT_COLUMNS = {
    "alert_id": "uuid",
    "severity": "text",
    "source": "text",
    "service_id": "uuid",
    "service": "text",
    "opened_at": "timestamptz",
    "ended_at": "timestamptz",
    "received": "int",
}
_NAMES = ", ".join(_ALERT_COLUMNS)
_GIVEN = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _ALERT_COLUMNS.items())
_ADD_ALERTS = text(
    f"INSERT INTO alert_facts ({_NAMES}) SELECT * FROM unnest({_GIVEN}) ON CONFLICT DO NOTHING RETURNING alert_id"
)
_CHANGE_ALERTS = text(
    "UPDATE alert_facts SET "
    + ", ".join(f"{name} = new.{name}" for name in _ALERT_COLUMNS if name != "alert_id")
    + f" FROM unnest({_GIVEN}) AS new({_NAMES}) WHERE alert_facts.alert_id = new.alert_id"
)
