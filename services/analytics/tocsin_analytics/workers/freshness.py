"""Shows on /metrics how old the figures are."""

from tocsin_analytics.store.queries import FigureQueries
from tocsin_runtime.metrics import Metrics
from tocsin_runtime.reading import OpenReading


class Freshness:
    """Keeps `tocsin_analytics_last_event_age_seconds`: how long ago an event last changed a fact.

    A quiet night makes it grow as well; beside a growing consumer lag it means that figures are stale.
    """

    def __init__(self, metrics: Metrics, open_reading: OpenReading) -> None:
        self._age = metrics.gauge(
            "last_event_age_seconds", "Since an event last changed the facts; -1 before the first."
        )
        self._incidents = metrics.gauge("incidents_known", "Incidents that figures are made of.")
        self._open = open_reading

    async def run_once(self) -> int:
        """Measure once. Returns 0: there is never more to do at once."""
        async with self._open() as look:
            last, known = await FigureQueries(look.conn).newest_and_known()
        self._incidents.set(known)
        self._age.set(-1 if last is None else (look.now - last).total_seconds())
        return 0
