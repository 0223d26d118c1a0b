"""The figures that every service shows on /metrics."""

from typing import TYPE_CHECKING

from tocsin_bus.outbox import OLDEST_AGE
from tocsin_bus.protocol import Partition
from tocsin_runtime.metrics import Metrics
from tocsin_runtime.statement import Statement

if TYPE_CHECKING:
    from tocsin_chassis.service import Service


class Figures:
    """Health of the bus side. The age of the oldest unpublished event is the first figure (R10)."""

    def __init__(self, metrics: Metrics) -> None:
        self.outbox_age = metrics.gauge(
            "outbox_oldest_seconds",
            "Age of the oldest event that no broker has acknowledged; warn 5, page 30.",
        )
        self.relay_stalled = metrics.gauge(
            "relay_stalled_seconds", "How long the slowest batch waits for the broker."
        )
        self.lag = metrics.gauge(
            "consumer_lag_events", "Events behind the end of the topic.", labels=["topic"]
        )
        self.events = metrics.counter("events", "Events consumed, by outcome.", labels=["type", "outcome"])
        self.parked = metrics.gauge(
            "parked_events", "Events that wait for another try, or are dead.", labels=["state"]
        )
        self.timers_late = metrics.gauge("timers_late_seconds", "How late the oldest due timer is.")
        self.sendings = metrics.gauge("sendings_waiting", "Messages not accepted yet.", labels=["provider"])
        worst = "How late the event loop ran, the worst of the last 15 to 30 s; warn 0.25, page 2."
        self.loop_lag = metrics.gauge("loop_lag_seconds", worst)
        self.requests = metrics.histogram(
            "http_request_seconds", "Time to answer.", labels=["method", "route", "status"]
        )

    def observe(self, kind: str, outcome: str, count: int) -> None:
        """Count consumed events."""
        self.events.labels(type=kind, outcome=outcome).inc(count)

    def show_lag(self, lag: dict[Partition, tuple[int, int]]) -> None:
        """Show how far behind each topic is."""
        by_topic: dict[str, int] = {}
        for partition, (position, end) in lag.items():
            by_topic[partition.topic.value] = by_topic.get(partition.topic.value, 0) + max(0, end - position)
        for topic, behind in by_topic.items():
            self.lag.labels(topic=topic).set(behind)

    async def measure(self, service: "Service") -> int:
        """Read what the database knows. Returns 0."""
        self.relay_stalled.set(service.relay.stalled_for())
        async with service.database.read() as conn:
            found = {(what, name): value for what, name, value in await _FOUND.rows(conn)}
        self.outbox_age.set(found["outbox", ""])
        self.timers_late.set(found["timers", ""])
        for state in ("waiting", "dead"):
            self.parked.labels(state=state).set(found["parked", state])
        waiting = {name: value for (what, name), value in found.items() if what == "sendings"}
        for provider in {*service.providers, *waiting}:
            self.sendings.labels(provider=provider).set(waiting.get(provider, 0))
        return 0


_FOUND = Statement(
    f"SELECT 'outbox' AS what, '' AS name, ({OLDEST_AGE}) AS value"
    " UNION ALL SELECT 'timers', '',"
    " (SELECT greatest(coalesce(extract(epoch FROM now() - min(try_at)), 0), 0)::float8 FROM timers)"
    " UNION ALL SELECT 'parked', 'waiting', (SELECT count(*) FROM parked WHERE state = 'waiting')"
    " UNION ALL SELECT 'parked', 'dead', (SELECT count(*) FROM parked WHERE state = 'dead')"
    " UNION ALL SELECT 'sendings', provider, count(*) FROM sendings WHERE state IN ('pending', 'sending')"
    " GROUP BY provider"
)
