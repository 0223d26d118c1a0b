"""Named leases shared fairly among the members that are alive: lanes, partitions, single workers (R7).

A lease is a row that its owner renews by database time, so a stopped process loses it after TTL seconds. The epoch
grows with every change of owner: a write made `WHERE epoch = mine` is refused to whoever was late.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from uuid import UUID, uuid5

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_runtime.clock import monotonic, until_beat
from tocsin_runtime.ids import new_id
from tocsin_runtime.statement import Statement

log = structlog.get_logger("tocsin.leases")
TTL = 6.0
RENEW = 2.0
MARGIN = 1.0
AGAIN = 0.25
"""Seconds until the next look while another still holds a part of this member's share."""
HASTE = 0.05
"""Seconds after the end of another's lease at which this member looks: a dead one is followed at once."""
_NAMED = UUID("5d0e6a52-6c1f-4a55-9e0c-3c4c3c1f8a70")
Apart = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


class LeaseKeeper:
    """Holds this member's fair share of `names`. Ask `held()` each time before acting; `run()` keeps it true."""

    def __init__(
        self,
        apart: Apart,
        *,
        scope: str,
        names: Sequence[str],
        on_lost: Callable[[frozenset[str]], Awaitable[None]] | None = None,
        on_gained: Callable[[frozenset[str]], Awaitable[None]] | None = None,
        instance: str = "",
    ) -> None:
        """`instance` is a name that this member keeps over a crash: under it, it has its leases back at once."""
        self.owner: UUID = uuid5(_NAMED, instance) if instance else new_id()
        self.scope = scope
        self._apart = apart
        self._names = list(names)
        self._on_lost = on_lost
        self._on_gained = on_gained
        self._epochs: dict[str, int] = {}
        self._valid_until = 0.0
        self._pause = RENEW

    def held(self) -> dict[str, int]:
        """The names this member may act for right now, with their epochs; empty when renewal is late."""
        return dict(self._epochs) if monotonic() < self._valid_until else {}

    async def run(self) -> None:
        """Renew until cancelled. The database being away is waited out: the leases lapse by themselves."""
        while True:
            try:
                await self.renew()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - a lease not renewed simply lapses
                log.warning("lease.renewal_failed", scope=self.scope, error=repr(error))
                await self._lapse()
            await asyncio.sleep(until_beat(RENEW) if self._pause == RENEW else self._pause)

    async def renew(self) -> None:
        """One turn: say that we live, let go of what is not our share, take what is free of our share."""
        began = monotonic()
        async with self._apart() as conn:
            rows = await _RENEW.rows(
                conn, scope=self.scope, owner=self.owner, ttl=TTL, names=sorted(self._epochs)
            )
            others = {row["member"]: row["remaining"] for row in rows if row["member"]}
            kept = {row["name"]: row["epoch"] for row in rows if row["name"]}
            share = self._share(list(others))
            surplus = frozenset(self._epochs) - share
            if surplus or kept.keys() == share:
                taken = kept
            else:
                taken = await self._take(conn, share)
        if surplus:
            await self._release(surplus)
            async with self._apart() as conn:
                taken = await self._take(conn, share)
        await self._changed(taken)
        self._valid_until = began + TTL - MARGIN
        usual = RENEW if len(taken) == len(share) else AGAIN
        self._pause = min([usual, *(left + HASTE for left in others.values())])

    async def close(self) -> None:
        """Let go of everything at once, so that others need not wait for the time-out."""
        await self._release(frozenset(self._epochs))
        async with self._apart() as conn:
            await _LEAVE.run(conn, scope=self.scope, owner=self.owner)

    async def _take(self, conn: AsyncConnection, share: frozenset[str]) -> dict[str, int]:
        rows = await _TAKE.rows(conn, scope=self.scope, owner=self.owner, ttl=TTL, names=sorted(share))
        return {str(name): int(epoch) for name, epoch in rows}

    def _share(self, others: list[UUID]) -> frozenset[str]:
        members = sorted([*others, self.owner])
        rank = members.index(self.owner)
        return frozenset(name for index, name in enumerate(self._names) if index % len(members) == rank)

    async def _changed(self, taken: dict[str, int]) -> None:
        lost = frozenset(n for n, epoch in self._epochs.items() if taken.get(n) != epoch)
        gained = frozenset(n for n, epoch in taken.items() if self._epochs.get(n) != epoch)
        if lost and self._on_lost:
            await self._on_lost(lost)
        self._epochs = taken
        if gained and self._on_gained:
            await self._on_gained(gained)

    async def _release(self, names: frozenset[str]) -> None:
        if not names:
            return
        if self._on_lost:
            await self._on_lost(names)
        self._epochs = {name: epoch for name, epoch in self._epochs.items() if name not in names}
        async with self._apart() as conn:
            await _RELEASE.run(conn, scope=self.scope, owner=self.owner, names=sorted(names))

    async def _lapse(self) -> None:
        if self._epochs and monotonic() >= self._valid_until:
            lost, self._epochs = frozenset(self._epochs), {}
            if self._on_lost:
                await self._on_lost(lost)


_RENEW = Statement(
    "WITH me AS (INSERT INTO lease_members (scope, owner, until)"
    " VALUES (:scope, :owner, now() + make_interval(secs => :ttl))"
    " ON CONFLICT (scope, owner) DO UPDATE SET until = excluded.until),"
    " dead AS (DELETE FROM lease_members WHERE scope = :scope AND until < now() - interval '1 minute'),"
    " kept AS (UPDATE leases SET until = now() + make_interval(secs => :ttl)"
    " WHERE scope = :scope AND owner = :owner AND name = ANY(CAST(:names AS text[])) RETURNING name, epoch)"
    " SELECT owner AS member, extract(epoch FROM until - now())::float8 AS remaining, NULL AS name, NULL AS epoch"
    " FROM lease_members WHERE scope = :scope AND until > now() AND owner <> :owner"
    " UNION ALL SELECT NULL, NULL, name, epoch FROM kept"
)
_TAKE = Statement(
    "INSERT INTO leases AS l (scope, name, owner, epoch, until)"
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
