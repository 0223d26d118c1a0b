"""One look a second for all that may be due: the clock of what waits, and the net under lost wake-ups (R26)."""

from collections.abc import Callable, Mapping, Sequence

from tocsin_runtime.clock import Clock
from tocsin_runtime.database import Database
from tocsin_runtime.statement import Statement

NET = 60.0
"""Seconds between the turns of a worker that this look wakes; its own net, should the look fail."""


class DueWork:
    """Wakes the relay, the timers, the parked events and the queues of providers when something of theirs is due.

    Each looking for itself would be a transaction a second for every one of them. `others` are more of the service's
    workers, each with SQL that finds a row when there is something to do; it may name `:now`.
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
        others: Mapping[str, str] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._consumer = consumer
        self._kinds = list(kinds)
        self._providers = list(providers)
        self._wake = wake
        looks = [f" UNION ALL SELECT '{name}' WHERE EXISTS ({sql})" for name, sql in (others or {}).items()]
        self._look = Statement((_DUE + "".join(looks)).replace(":now", _NOW))

    async def run_once(self) -> int:
        """Look once, and wake whoever has something to do. Returns 0."""
        async with self._database.read() as conn:
            rows = await self._look.rows(
                conn,
                now=self._clock.known(),
                consumer=self._consumer,
                kinds=self._kinds,
                providers=self._providers,
            )
        for row in rows:
            self._wake(row["worker"])
        return 0


_NOW = "coalesce(CAST(:now AS timestamptz), now())"
_DUE = (
    "SELECT 'relay' AS worker WHERE EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"
    " UNION ALL SELECT 'timers' WHERE EXISTS"
    " (SELECT FROM timers WHERE try_at <= :now AND kind = ANY(CAST(:kinds AS text[])))"
    " UNION ALL SELECT 'parked' WHERE EXISTS (SELECT FROM parked WHERE consumer = :consumer AND state = 'waiting'"
    " AND next_try_at <= :now)"
    " UNION ALL SELECT 'send.' || way.name FROM unnest(CAST(:providers AS text[])) AS way(name) WHERE EXISTS"
    " (SELECT FROM sendings AS s WHERE s.provider = way.name AND s.state IN ('pending', 'sending')"
    " AND s.next_try_at <= :now)"
)
