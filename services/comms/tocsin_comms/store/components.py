"""Components and the periods in which each showed what."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_comms.domain.component import Component, Verdict
from tocsin_comms.domain.states import ComponentState
from tocsin_comms.domain.uptime import Period
from tocsin_comms.store.tables import components, periods
from tocsin_runtime.statement import Row, Statement

_ALL = Statement(select(components).order_by(components.c.position, components.c.id))
_HISTORY = Statement(
    "SELECT component_id, state, began_at, ended_at FROM component_periods"
    " WHERE ended_at IS NULL OR ended_at > :since ORDER BY began_at"
)


class ComponentRepository:
    """Changes are made while the page's row is locked."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def all(self) -> list[Component]:
        """Every component, in the page's order."""
        return [_load(row) for row in await _ALL.rows(self._conn)]

    async def add(self, component: Component, now: datetime) -> None:
        """A new one, whose history begins now."""
        fresh = {"state_since": now, "created_at": now, "updated_at": now}
        await self._conn.execute(insert(components).values({**_values(component), **fresh}))
        await self._begin(component.id, component.state, now, incident_id=None)

    async def save(self, component: Component, now: datetime) -> None:
        """Write its description. What it shows is changed by `show` only."""
        changed = {name: value for name, value in _values(component).items() if name not in ("id", "state")}
        where = components.c.id == component.id
        await self._conn.execute(update(components).where(where).values(**changed, updated_at=now))

    async def remove(self, ids: Sequence[UUID]) -> None:
        """Take them and their history off the page."""
        await self._conn.execute(delete(components).where(components.c.id.in_(ids)))

    async def show(self, component_id: UUID, verdict: Verdict, now: datetime) -> None:
        """Show another state from now on, and keep what was shown until now."""
        shown = {"state": verdict.state.value, "state_since": now, "updated_at": now}
        await self._conn.execute(update(components).where(components.c.id == component_id).values(shown))
        running = (periods.c.component_id == component_id) & periods.c.ended_at.is_(None)
        await self._conn.execute(update(periods).where(running).values(ended_at=now))
        await self._begin(component_id, verdict.state, now, incident_id=verdict.incident_id)

    async def history(self, since: datetime) -> dict[UUID, list[Period]]:
        """What each component showed since then, oldest first."""
        found: dict[UUID, list[Period]] = {}
        for row in await _HISTORY.rows(self._conn, since=since):
            period = Period(ComponentState(row["state"]), row["began_at"], row["ended_at"])
            found.setdefault(row["component_id"], []).append(period)
        return found

    async def _begin(
        self, component_id: UUID, state: ComponentState, now: datetime, *, incident_id: UUID | None
    ) -> None:
        values = {
            "component_id": component_id,
            "state": state.value,
            "began_at": now,
            "incident_id": incident_id,
        }
        await self._conn.execute(insert(periods).values(values))


def _values(component: Component) -> dict[str, Any]:
    return {
        "id": component.id,
        "name": component.name,
        "description": component.description,
        "group_name": component.group,
        "position": component.position,
        "service_ids": sorted(component.service_ids),
        "state": component.state.value,
    }


def _load(row: Row) -> Component:
    return Component(
        id=row["id"],
        name=row["name"],
        position=row["position"],
        description=row["description"],
        group=row["group_name"],
        service_ids=frozenset(row["service_ids"]),
        state=ComponentState(row["state"]),
        state_since=row["state_since"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
