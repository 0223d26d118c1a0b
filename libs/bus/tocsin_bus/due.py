"""One look for all that may be due: the clock of what waits, and the net under lost wake-ups (R26).

It is taken each second while something is committed or comes due, and each five seconds at rest.
"""

from collections.abc import Callable, Mapping, Sequence

from tocsin_runtime.clock import Clock, monotonic
from tocsin_runtime.database import Database
from tocsin_runtime.statement import Statement

NET = 60.0
"""Seconds between the turns of a worker that this look wakes; its own net, should the look fail."""
AT_REST = 5.0
"""Seconds between two looks, as long as none finds what comes due before the next and nobody commits anything."""
BEAT = 1.0
"""The same for a service in which others write without a word."""


class DueWork:
    """Wakes the relay, the timers, the parked events and the queues of providers when something of theirs is due.

    Each looking for itself would be a transaction a second for every one of them. `others` are more of the service's
    workers, each with SQL that finds a row when there is something to do; it may name `:now`. `at_rest` is how many
    seconds lie between two looks at rest.
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
        stirred: Callable[[], bool],
        others: Mapping[str, str] | None = None,
        at_rest: float = AT_REST,
    ) -> None:
        self._database = database
        self._clock = clock
        self._consumer = consumer
        self._kinds = list(kinds)
        self._wake = wake
        self._stirred = stirred
        self._at_rest = at_rest
        self._next_look = 0.0
        sendings = {f"send.{name}": _SENDINGS.replace(":provider", f"'{name}'") for name in providers}
        looks = {**_DUE, **sendings, **(others or {})}
        self._look = Statement(
            " UNION ALL ".join(_look(worker, sql, at_rest) for worker, sql in looks.items())
        )

    async def run_once(self) -> int:
        """Look, unless nothing can be due yet, and wake whoever has something to do. Returns 0. Call it each second."""
        moves = self._clock.known() is not None  # by hand: then it is due whenever somebody says so
        if not (self._stirred() or moves or monotonic() >= self._next_look):
            return 0
        self._next_look = 0.0  # should this one fail
        async with self._database.read() as conn:
            rows = await self._look.rows(
                conn,
                now=self._clock.known(),
                consumer=self._consumer,
                kinds=self._kinds,
            )
        self._next_look = monotonic() + (0.0 if rows else self._at_rest - BEAT / 2)
        for row in rows:
            if row["due"]:
                self._wake(row["worker"])
        return 0


def _look(worker: str, sql: str, at_rest: float) -> str:
    """A row when there is something before the next look at rest; `due` when it is now."""
    now = "coalesce(CAST(:now AS timestamptz), now())"
    soon = f"({now} + interval '{at_rest + BEAT} s')"
    is_due = f"SELECT '{worker}' AS worker, EXISTS ({sql.replace(':now', now)}) AS due"
    return f"{is_due} WHERE EXISTS ({sql.replace(':now', soon)})"


_DUE = {
    "relay": "SELECT FROM outbox WHERE published_at IS NULL",
    # Asked for the first, it goes by the index; asked whether there is any before now, by the whole table.
    "timers": "SELECT FROM (SELECT min(try_at) AS first FROM timers WHERE kind = ANY(CAST(:kinds AS text[]))) AS t"
    " WHERE first <= :now",
    "parked": "SELECT FROM parked WHERE consumer = :consumer AND state = 'waiting' AND next_try_at <= :now",
}
_SENDINGS = (
    "SELECT FROM sendings WHERE provider = :provider"
    " AND state IN ('pending', 'sending') AND next_try_at <= :now"
)
