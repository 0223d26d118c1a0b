"""Facts, joined with what is already stored.

Telling the same twice, late, or in another order changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_analytics.domain.deliveries import AlertFacts, PageFacts, merge_alerts, merge_pages
from tocsin_analytics.domain.facts import IncidentFacts, merge, severity_history
from tocsin_analytics.domain.rows import row_of
from tocsin_analytics.store.tables import alert_facts, incident_facts, page_facts
from tocsin_runtime.statement import Statement

Fact = IncidentFacts | PageFacts | AlertFacts
Told = TypeVar("Told", bound=Fact)
_FOLDED = TypeAdapter(IncidentFacts)


class Shelf(Generic[Told]):
    """The facts of one kind. Each call takes its rows' locks in the same order, so that no two wait for each other."""

    def __init__(
        self,
        table: Table,
        *,
        merged: Callable[[Told, Told], Told],
        load: Callable[[Mapping[str, Any]], Told],
        dump: Callable[[Told], dict[str, Any]],
    ) -> None:
        [key] = table.primary_key.columns
        self._key = key.name
        self._merged = merged
        self._load = load
        self._dump = dump
        names = ", ".join(f'"{c.name}"' for c in table.columns)
        given = f"SELECT {names} FROM jsonb_populate_recordset(NULL::{table.name}, CAST(:rows AS jsonb))"
        into = f"INSERT INTO {table.name} ({names}) {given} ON CONFLICT"
        changes = ", ".join(f'"{c.name}" = excluded."{c.name}"' for c in table.columns if c is not key)
        self._add = Statement(f"{into} DO NOTHING RETURNING {key.name}")
        self._hold = Statement(
            f"SELECT {names} FROM {table.name} WHERE {key.name} = ANY(CAST(:keys AS uuid[]))"
            f" ORDER BY {key.name} FOR UPDATE"
        )
        self._change = Statement(f"{into} ({key.name}) DO UPDATE SET {changes}")

    async def join(self, conn: AsyncConnection, told: Iterable[Told], now: datetime) -> None:
        """Join these with what is known; two statements for what is new, a third and fourth for what is not."""
        fresh: dict[Any, Told] = {}
        for one in told:
            key = getattr(one, self._key)
            fresh[key] = self._merged(fresh[key], one) if key in fresh else one
        if not fresh:
            return
        added = await self._add.rows(conn, rows=self._rows([fresh[key] for key in sorted(fresh)], now))
        known = sorted(fresh.keys() - {row[0] for row in added})
        if not known:
            return
        stored = [self._load(row) for row in await self._hold.rows(conn, keys=known)]
        after = [(one, self._merged(one, fresh[getattr(one, self._key)])) for one in stored]
        changed = [new for old, new in after if new != old]
        if changed:
            await self._change.run(conn, rows=self._rows(changed, now))

    def _rows(self, facts: Sequence[Told], now: datetime) -> str:
        rows = [{**self._dump(one), "applied_at": now} for one in facts]
        return orjson.dumps(rows, default=str).decode()  # the driver has a UUID of its own


async def add_facts(conn: AsyncConnection, told: Sequence[Fact], now: datetime) -> None:
    """Keep what was told, many at once. `now` is when that was."""
    await INCIDENTS.join(conn, (one for one in told if isinstance(one, IncidentFacts)), now)
    await PAGES.join(conn, (one for one in told if isinstance(one, PageFacts)), now)
    await ALERTS.join(conn, (one for one in told if isinstance(one, AlertFacts)), now)


def _by_name(facts: object) -> dict[str, Any]:
    """Its fields as they are; `asdict` would copy each value as well."""
    return {field.name: getattr(facts, field.name) for field in fields(facts)}  # type: ignore[arg-type]


def _dump(facts: IncidentFacts) -> dict[str, Any]:
    folded = {"incident_id": facts.incident_id, "folded": _FOLDED.dump_python(facts, mode="json")}
    row = row_of(facts)
    return folded if row is None else {**_by_name(row), **folded, "severities": list(severity_history(facts))}


def _load(stored: Mapping[str, Any]) -> IncidentFacts:
    return _FOLDED.validate_python(stored["folded"])


INCIDENTS = Shelf(incident_facts, merged=merge, load=_load, dump=_dump)
PAGES = Shelf(page_facts, merged=merge_pages, load=lambda stored: PageFacts(**stored), dump=_by_name)
ALERTS = Shelf(alert_facts, merged=merge_alerts, load=lambda stored: AlertFacts(**stored), dump=_by_name)
