"""Pages: the ledger of who was told what, how, and whether it got through."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_paging.domain.contact import Channel
from tocsin_paging.domain.page import Page, PageKind, PageState, Try
from tocsin_paging.store.escalations import incident_called
from tocsin_paging.store.tables import pages
from tocsin_runtime.statement import Row, Statement, columns_of, to_json


@dataclass(frozen=True)
class PageFilter:
    """What a list of pages is narrowed to; None means any. `incident_id` may be the incident's number."""

    incident_id: UUID | int | None = None
    user_id: UUID | None = None
    state: PageState | None = None
    channel: Channel | None = None
    kind: PageKind | None = None
    contact_id: UUID | None = None


@dataclass(frozen=True)
class Leaving:
    """What is asked of a page right before it leaves. `followed`: the same contact got a later one of the incident."""

    id: UUID
    channel: Channel
    incident_id: UUID | None
    followed: bool


@dataclass(frozen=True)
class Accepted:
    """A page that its provider took. `detected_at` is when Tocsin first heard of its incident."""

    page: Page
    detected_at: datetime | None


_ADD = Statement(
    f"INSERT INTO pages ({columns_of(pages)}) SELECT {columns_of(pages)}"
    " FROM jsonb_populate_recordset(CAST(NULL AS pages), CAST(:rows AS jsonb)) ON CONFLICT DO NOTHING RETURNING id"
)
_SAVE = Statement(update(pages).where(pages.c.id == bindparam("saved")))
_MINE = select(pages).where(pages.c.id == bindparam("mine"))
_GET = Statement(_MINE)
_LOCKED = Statement(_MINE.with_for_update())
_LEAVING = Statement(
    "SELECT p.id, p.channel, p.incident_id, EXISTS (SELECT 1 FROM pages AS later"
    " WHERE later.incident_id = p.incident_id AND later.contact_id = p.contact_id"
    " AND (later.round, later.step) > (p.round, p.step)) AS followed"
    " FROM pages AS p WHERE p.id = ANY(CAST(:ids AS uuid[]))"
)
_DROP = Statement("UPDATE pages SET state = 'dropped', reason = :reason WHERE id = :id")
_COLUMNS = ", ".join(f"p.{column.name}" for column in pages.columns)
_ACCEPT = Statement(
    "UPDATE pages AS p SET state = 'sent', sent_at = :at, reason = NULL, failing = false,"
    " attempts = last.attempts, may_repeat = last.may_repeat"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS integer[]), CAST(:may_repeat AS boolean[]))"
    f" AS last(id, attempts, may_repeat) WHERE p.id = last.id RETURNING {_COLUMNS},"
    " (SELECT e.detected_at FROM escalations AS e WHERE e.incident_id = p.incident_id) AS detected_at"
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

    async def add(self, made: Sequence[Page]) -> set[UUID]:
        """Insert pages; returns the ids without those whose (incident, round, step, person, contact) has one (R23)."""
        rows = await _ADD.rows(self._conn, rows=to_json([_values(page) for page in made])) if made else []
        return {row["id"] for row in rows}

    async def save(self, page: Page) -> None:
        """Write how far the page got."""
        await _SAVE.run(self._conn, **_values(page), saved=page.id)

    async def drop(self, page_id: UUID, *, reason: str) -> None:
        """Note that the page need not leave any more, and nothing else: its row is not locked."""
        await _DROP.run(self._conn, id=page_id, reason=reason)

    async def accept(self, tries: Sequence[Try], *, at: datetime) -> list[Accepted]:
        """Note that a provider took these pages, with these tries; an answer that came meanwhile stays as it is."""
        rows = await _ACCEPT.rows(
            self._conn,
            ids=[one.page_id for one in tries],
            attempts=[one.attempts for one in tries],
            may_repeat=[one.may_repeat for one in tries],
            at=at,
        )
        return [_accepted(row) for row in rows]

    async def of_step(self, incident_id: UUID, *, round: int, step: int) -> list[Page]:
        """Return the pages that one step made."""
        mine = select(pages).where(
            pages.c.incident_id == incident_id, pages.c.round == round, pages.c.step == step
        )
        rows = await self._conn.execute(mine.order_by(pages.c.id))
        return [_page(row) for row in rows.mappings()]

    async def leaving(self, page_ids: Collection[UUID]) -> dict[UUID, Leaving]:
        """Return of these pages, by id, what says whether they are stale (R31)."""
        rows = await _LEAVING.rows(self._conn, ids=list(page_ids))
        return {row["id"]: Leaving(**{**row, "channel": Channel(row["channel"])}) for row in rows}

    async def fallbacks(self, *, since: datetime) -> frozenset[str]:
        """Return the titles of those of the last thousand pages that told of Tocsin itself, after `since`."""
        latest = select(pages).order_by(pages.c.id.desc()).limit(1000).subquery()
        recent = (latest.c.kind == PageKind.FALLBACK.value) & (latest.c.requested_at > since)
        return frozenset((await self._conn.execute(select(latest.c.title).where(recent))).scalars())

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


def _accepted(row: Row) -> Accepted:
    values = dict(row)
    detected_at = values.pop("detected_at")
    return Accepted(_page(values), detected_at=detected_at)


def _page(row: Row | dict[str, Any]) -> Page:
    values = dict(row)
    kind, channel, state = PageKind(values["kind"]), Channel(values["channel"]), PageState(values["state"])
    return Page(**{**values, "kind": kind, "channel": channel, "state": state})
