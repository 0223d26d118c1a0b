"""Pages: the ledger of who was told what, how, and whether it got through."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Select, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_paging.domain.contact import Channel
from tocsin_paging.domain.page import Page, PageKind, PageState
from tocsin_paging.store.escalations import incident_called
from tocsin_paging.store.tables import pages
from tocsin_runtime.statement import Row, Statement


@dataclass(frozen=True)
class PageFilter:
    """What a list of pages is narrowed to; None means any. `incident_id` may be the incident's number."""

    incident_id: UUID | int | None = None
    user_id: UUID | None = None
    state: PageState | None = None
    channel: Channel | None = None
    kind: PageKind | None = None
    contact_id: UUID | None = None


_ADD = Statement(insert(pages).on_conflict_do_nothing().returning(pages.c.id))
_SAVE = Statement(update(pages).where(pages.c.id == bindparam("saved")))
_MINE = select(pages).where(pages.c.id == bindparam("mine"))
_GET = Statement(_MINE)
_LOCKED = Statement(_MINE.with_for_update())
_ROUND: BindParameter[int] = bindparam("of_round")
_STEP: BindParameter[int] = bindparam("of_step")
_LATER = Statement(
    select(pages.c.id)
    .where(
        pages.c.incident_id == bindparam("incident"),
        pages.c.contact_id == bindparam("contact"),
        (pages.c.round > _ROUND) | ((pages.c.round == _ROUND) & (pages.c.step > _STEP)),
    )
    .limit(1)
)


class PageRepository:
    """Reads and writes pages."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def get(self, page_id: UUID, *, lock: bool = False) -> Page | None:
        """Return the page, its row locked if asked."""
        row = await (_LOCKED if lock else _GET).row(self._conn, mine=page_id)
        return _page(row) if row else None

    async def with_ack_digest(self, digest: str, *, lock: bool = False) -> Page | None:
        """Return the page whose one-use link has this digest."""
        query = select(pages).where(pages.c.ack_digest == digest)
        return await self._one(query.with_for_update() if lock else query)

    async def add(self, page: Page) -> bool:
        """Insert a page; False when the same (incident, round, step, person, contact) has one already (R23)."""
        return await _ADD.row(self._conn, **_values(page)) is not None

    async def save(self, page: Page) -> None:
        """Write how far the page got."""
        await _SAVE.run(self._conn, **_values(page), saved=page.id)

    async def drop(self, page_id: UUID, *, reason: str) -> None:
        """Note that the page need not leave any more, and nothing else: its row is not locked."""
        values = {"state": PageState.DROPPED.value, "reason": reason}
        await self._conn.execute(update(pages).where(pages.c.id == page_id).values(values))

    async def of_step(self, incident_id: UUID, *, round: int, step: int) -> list[Page]:
        """Return the pages that one step made."""
        mine = select(pages).where(
            pages.c.incident_id == incident_id, pages.c.round == round, pages.c.step == step
        )
        rows = await self._conn.execute(mine.order_by(pages.c.id))
        return [_page(row) for row in rows.mappings()]

    async def followed(self, page: Page) -> bool:
        """Say whether the same contact got a later page for the same incident: then this one is stale (R31)."""
        later = await _LATER.row(
            self._conn,
            incident=page.incident_id,
            contact=page.contact_id,
            of_round=page.round,
            of_step=page.step,
        )
        return later is not None

    async def fell_back(self, title: str, *, since: datetime) -> bool:
        """Say whether one of the last thousand pages told the same of Tocsin itself, after `since`."""
        latest = select(pages).order_by(pages.c.id.desc()).limit(1000).subquery()
        same = (latest.c.kind == PageKind.FALLBACK.value) & (latest.c.title == title)
        found = select(latest.c.id).where(same, latest.c.requested_at > since).limit(1)
        return (await self._conn.execute(found)).first() is not None

    async def listed(
        self, wanted: PageFilter, *, before: UUID | None = None, limit: int = 50
    ) -> Sequence[Page]:
        """Return pages, the newest first, beginning before `before`."""
        query = select(pages).order_by(pages.c.id.desc()).limit(limit)
        for name, value in vars(wanted).items():
            if value is not None:
                query = query.where(
                    pages.c[name] == (incident_called(value) if name == "incident_id" else value)
                )
        rows = await self._conn.execute(query.where(pages.c.id < before) if before else query)
        return [_page(row) for row in rows.mappings()]

    async def _one(self, query: Select[Any]) -> Page | None:
        row = (await self._conn.execute(query)).mappings().first()
        return _page(row) if row else None


def _values(page: Page) -> dict[str, Any]:
    return {
        **vars(page),
        "kind": page.kind.value,
        "channel": page.channel.value,
        "state": page.state.value,
    }


def _page(row: Row) -> Page:
    values = dict(row)
    kind, channel, state = PageKind(values["kind"]), Channel(values["channel"]), PageState(values["state"])
    return Page(**{**values, "kind": kind, "channel": channel, "state": state})
