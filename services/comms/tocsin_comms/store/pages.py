"""The status page's row: its settings, and the revision that tells renderers that something changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_comms.domain.component import DEFAULT_STATES, StateBySeverity
from tocsin_comms.domain.site import StatusPage
from tocsin_comms.domain.states import ComponentState, PublishMode, Severity
from tocsin_comms.store.tables import pages
from tocsin_runtime.statement import Row, Statement

_LOAD = Statement(select(pages))
_LOCK = Statement(select(pages).with_for_update())
_TOUCH = Statement("UPDATE status_pages SET revision = revision + 1, updated_at = :now WHERE id = :id")


class PageRepository:
    """The one page. It is there from the beginning: nothing must be set up before an incident can be told."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def load(self) -> StatusPage:
        """The page, without a lock."""
        return await self._read(_LOAD)

    async def lock(self) -> StatusPage:
        """The page, locked: whatever changes what the world sees goes one after another."""
        return await self._read(_LOCK)

    async def _read(self, statement: Statement) -> StatusPage:
        row = await statement.row(self._conn)
        assert row is not None, "a migration has written it, and nothing takes it away"
        return _load(row)

    async def save(self, page: StatusPage) -> None:
        """Write its settings; version and revision as they stand in `page`."""
        await self._conn.execute(update(pages).where(pages.c.id == page.id).values(_values(page)))

    async def touch(self, page: StatusPage, now: datetime) -> None:
        """Something that the world sees changed: move the revision on."""
        await _TOUCH.run(self._conn, id=page.id, now=now)


def _values(page: StatusPage) -> dict[str, Any]:
    return {
        "id": page.id,
        "name": page.name,
        "description": page.description,
        "url": page.url,
        "support_url": page.support_url,
        "time_zone": page.time_zone,
        "publish": page.publish.value,
        "states": {severity.value: state.value for severity, state in page.states.items()},
        "templates": dict(page.templates),
        "version": page.version,
        "revision": page.revision,
        "updated_at": page.updated_at,
    }


def _load(row: Row) -> StatusPage:
    return StatusPage(
        id=row["id"],
        name=row["name"],
        description=row["description"],
        url=row["url"],
        support_url=row["support_url"],
        time_zone=row["time_zone"],
        publish=PublishMode(row["publish"]),
        states=_states(row["states"]),
        templates=row["templates"],
        version=row["version"],
        revision=row["revision"],
        updated_at=row["updated_at"],
    )


def _states(stored: Mapping[str, str]) -> StateBySeverity:
    own = {Severity(severity): ComponentState(state) for severity, state in stored.items()}
    return {**DEFAULT_STATES, **own}
