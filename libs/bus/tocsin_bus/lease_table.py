"""The rows behind leases: who is there, and who holds what until when, by the clock of the database."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_runtime.statement import Statement

TTL = 6.0
TOGETHER = 0.005
"""Seconds for which a renewal waits for those of the same beat: at rest, renewing is a third of what one process asks
of its database."""
Apart = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


@dataclass(frozen=True, slots=True)
class Member:
    """One who shares the names of a scope with others."""

    scope: str
    owner: UUID


Asked = list[tuple[Member, Sequence[str]]]
Made = asyncio.Task[list[asyncpg.Record]]


class LeaseTable:
    """The leases in one schema. The members of this process that renew in the same moment do so together."""

    def __init__(self, apart: Apart) -> None:
        self._apart = apart
        self._next: tuple[Asked, Made] | None = None
        self._under_way: set[Made] = set()
        self._members: set[Member] = set()

    async def renew(self, me: Member, names: Sequence[str]) -> tuple[dict[str, int], dict[UUID, float]]:
        """Say that `me` lives and keep those of `names` that are still its own.

        Returns them with their epochs, and the other members of the scope with the seconds that each has left.
        """
        self._members.add(me)
        rows = await asyncio.shield(self._round_with(me, names))
        mine = [row for row in rows if row["scope"] == me.scope]
        kept = {row["name"]: row["epoch"] for row in mine if row["name"] and row["owner"] == me.owner}
        others = {
            row["owner"]: row["remaining"] for row in mine if not row["name"] and row["owner"] != me.owner
        }
        return kept, others

    async def take(self, me: Member, names: Collection[str]) -> dict[str, int]:
        """Take what is free of `names`; returns those that `me` has now, with their epochs."""
        async with self._apart() as conn:
            rows = await _TAKE.rows(conn, scope=me.scope, owner=me.owner, ttl=TTL, names=sorted(names))
        return {str(name): int(epoch) for name, epoch in rows}

    async def release(self, me: Member, names: Collection[str]) -> None:
        """Anybody may take these from now on."""
        async with self._apart() as conn:
            await _RELEASE.run(conn, scope=me.scope, owner=me.owner, names=sorted(names))

    async def leave(self, me: Member) -> None:
        """Nothing is kept for `me`, and nobody counts it any more; a renewal that it gave up is let run out before."""
        self._members.discard(me)
        if self._under_way:
            await asyncio.wait(self._under_way)
        async with self._apart() as conn:
            await _LEAVE.run(conn, scope=me.scope, owner=me.owner)

    def _round_with(self, me: Member, names: Sequence[str]) -> Made:
        if self._next is None:
            asked: Asked = []
            made = asyncio.create_task(self._make(asked), name="renew-leases")
            self._under_way.add(made)
            made.add_done_callback(self._over)
            self._next = asked, made
        asked, made = self._next
        asked.append((me, names))
        return made

    async def _make(self, asked: Asked) -> list[asyncpg.Record]:
        if len(self._members) > 1:
            await asyncio.sleep(TOGETHER)
        self._next = None
        kept = [(me, name) for me, names in asked for name in names]
        async with self._apart() as conn:
            return await _RENEW.rows(
                conn,
                ttl=TTL,
                scopes=[me.scope for me, _ in asked],
                owners=[str(me.owner) for me, _ in asked],
                kept_scopes=[me.scope for me, _ in kept],
                kept_owners=[str(me.owner) for me, _ in kept],
                kept_names=[name for _, name in kept],
            )

    def _over(self, made: Made) -> None:
        self._under_way.discard(made)
        if not made.cancelled():
            made.exception()  # those who wait for it are told; there may be none left


_RENEW = Statement(
    "WITH me AS (INSERT INTO lease_members (scope, owner, until)"
    " SELECT scope, CAST(owner AS uuid), now() + make_interval(secs => :ttl)"
    " FROM unnest(CAST(:scopes AS text[]), CAST(:owners AS text[])) AS asked(scope, owner)"
    " ON CONFLICT (scope, owner) DO UPDATE SET until = excluded.until),"
    " kept AS (UPDATE leases AS l SET until = now() + make_interval(secs => :ttl)"
    " FROM unnest(CAST(:kept_scopes AS text[]), CAST(:kept_owners AS text[]), CAST(:kept_names AS text[]))"
    " AS mine(scope, owner, name)"
    " WHERE l.scope = mine.scope AND l.name = mine.name AND l.owner = CAST(mine.owner AS uuid)"
    " RETURNING l.scope, l.owner, l.name, l.epoch)"
    " SELECT scope, owner, extract(epoch FROM until - now())::float8 AS remaining, NULL AS name, NULL AS epoch"
    " FROM lease_members WHERE scope = ANY(CAST(:scopes AS text[])) AND until > now()"
    " UNION ALL SELECT scope, owner, NULL, name, epoch FROM kept"
)
# Members dead for a minute are forgotten where leases change hands anyway.
_TAKE = Statement(
    "WITH dead AS (DELETE FROM lease_members WHERE scope = :scope AND until < now() - interval '1 minute')"
    " INSERT INTO leases AS l (scope, name, owner, epoch, until)"
    " SELECT :scope, name, :owner, 1, now() + make_interval(secs => :ttl)"
    " FROM unnest(CAST(:names AS text[])) AS name ORDER BY name"
    " ON CONFLICT (scope, name) DO UPDATE SET owner = excluded.owner, until = excluded.until,"
    " epoch = CASE WHEN l.owner = excluded.owner THEN l.epoch ELSE l.epoch + 1 END"
    " WHERE l.owner = excluded.owner OR l.until <= now() RETURNING name, epoch"
)
_RELEASE = Statement(
    "UPDATE leases SET until = now() WHERE scope = :scope AND owner = :owner AND name = ANY(CAST(:names AS text[]))"
)
# A turn that was cut off may have taken leases that this member does not know of.
_LEAVE = Statement(
    "WITH left_over AS (UPDATE leases SET until = now() WHERE scope = :scope AND owner = :owner AND until > now())"
    " DELETE FROM lease_members WHERE scope = :scope AND owner = :owner"
)
