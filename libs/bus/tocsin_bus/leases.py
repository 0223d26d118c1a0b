"""Named leases shared fairly among the members that are alive: lanes, partitions, single workers (R7).

A lease is a row that its owner renews by database time, so a stopped process loses it after TTL seconds. The epoch
grows with every change of owner: a write made `WHERE epoch = mine` is refused to whoever was late.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID, uuid5

import structlog

from tocsin_bus.lease_table import TTL, LeaseTable, Member
from tocsin_runtime.clock import monotonic, until_beat
from tocsin_runtime.ids import new_id

log = structlog.get_logger("tocsin.leases")
RENEW = 2.0
MARGIN = 1.0
AGAIN = 0.25
"""Seconds until the next look while another still holds a part of this member's share."""
HASTE = 0.05
"""Seconds after the end of another's lease at which this member looks: a dead one is followed at once."""
_NAMED = UUID("5d0e6a52-6c1f-4a55-9e0c-3c4c3c1f8a70")


class LeaseKeeper:
    """Holds this member's fair share of `names`. Ask `held()` each time before acting; `run()` keeps it true."""

    def __init__(
        self,
        table: LeaseTable,
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
        self._table = table
        self._me = Member(scope, self.owner)
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
        kept, others = await self._table.renew(self._me, sorted(self._epochs))
        share = self._share(list(others))
        surplus = frozenset(self._epochs) - share
        await self._release(surplus)
        taken = kept if kept.keys() == share else await self._table.take(self._me, share)
        await self._changed(taken)
        self._valid_until = began + TTL - MARGIN
        usual = RENEW if len(taken) == len(share) else AGAIN
        self._pause = min([usual, *(left + HASTE for left in others.values())])

    async def close(self) -> None:
        """Let go of everything at once, so that others need not wait for the time-out."""
        await self._release(frozenset(self._epochs))
        await self._table.leave(self._me)

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
        await self._table.release(self._me, names)

    async def _lapse(self) -> None:
        if self._epochs and monotonic() >= self._valid_until:
            lost, self._epochs = frozenset(self._epochs), {}
            if self._on_lost:
                await self._on_lost(lost)
