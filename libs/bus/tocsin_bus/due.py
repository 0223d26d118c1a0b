"""One look a second for all that may be due: the clock of what waits, and the net under lost wake-ups (R26)."""

from collections.abc import Callable, Sequence

from tocsin_runtime.clock import Clock
from tocsin_runtime.database import Database
from tocsin_runtime.statement import Statement

NET = 15.0
"""Seconds between the turns of a worker that this look wakes; its own net, should the look fail."""


class DueWork:
    """Wakes the relay, the timers, the parked events and the queues of providers when something of theirs is due.

    Each looking for itself would be a transaction a second for every one of them.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        consumer: str,
        kinds: Sequence[str],
        providers: Sequence[str],
        wake: Callable[[str], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._consumer = consumer
        self._kinds = list(kinds)
        self._providers = list(providers)
        self._wake = wake

    async def run_once(self) -> int:
        """Look once, and wake whoever has something to do. Returns 0."""
        async with self._database.read() as conn:
            now = await self._clock.now(conn)
            rows = await _DUE.rows(
                conn, now=now, consumer=self._consumer, kinds=self._kinds, providers=self._providers
            )
        for row in rows:
            self._wake(row["worker"])
        return 0


_DUE = Statement(
    "SELECT 'relay' AS worker WHERE EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"
    " UNION ALL SELECT 'timers' WHERE EXISTS"
    " (SELECT FROM timers WHERE try_at <= CAST(:now AS timestamptz) AND kind = ANY(CAST(:kinds AS text[])))"
    " UNION ALL SELECT 'parked' WHERE EXISTS (SELECT FROM parked WHERE consumer = :consumer AND state = 'waiting'"
    " AND next_try_at <= CAST(:now AS timestamptz))"
    " UNION ALL SELECT 'send.' || provider FROM unnest(CAST(:providers AS text[])) AS provider WHERE EXISTS"
    " (SELECT FROM sendings AS s WHERE s.provider = provider AND s.state IN ('pending', 'sending')"
    " AND s.next_try_at <= CAST(:now AS timestamptz))"
)
