"""What the use cases share besides the unit of work: the rules, and where figures are counted."""

from dataclasses import dataclass

from prometheus_client import Counter, Gauge, Histogram

from tocsin_incidents.domain.rules import Rules
from tocsin_incidents.domain.severity import RESPONSE_LIMITS
from tocsin_runtime.metrics import Metrics

ACKNOWLEDGE_SECONDS = (15, 30, 60, 120, *sorted(limit.total_seconds() for limit in RESPONSE_LIMITS.values()))
"""Buckets that tell whether each severity's limit is kept."""


@dataclass(frozen=True, slots=True)
class Measures:
    """The figures of this service, all by closed sets of labels."""

    open: Gauge
    unpaged: Gauge
    opened: Counter
    overdue: Counter
    acknowledged_after: Histogram
    placed: Counter

    @staticmethod
    def of(metrics: Metrics) -> "Measures":
        """Register them once for an app."""
        return Measures(
            open=metrics.gauge(
                "open", "Incidents that are not resolved; drills left out.", labels=["severity"]
            ),
            unpaged=metrics.gauge(
                "unpaged",
                "Open incidents that nobody has answered and of which paging has told nothing for two minutes.",
            ),
            opened=metrics.counter("opened", "Incidents opened.", labels=["severity", "origin"]),
            overdue=metrics.counter(
                "response_overdue", "Response deadlines that passed unanswered.", labels=["severity"]
            ),
            acknowledged_after=metrics.histogram(
                "time_to_acknowledge_seconds",
                "From opened, or reopened, to acknowledged.",
                labels=["severity"],
                buckets=ACKNOWLEDGE_SECONDS,
            ),
            placed=metrics.counter(
                "alerts_placed", "Firing alerts by what became of them.", labels=["reason"]
            ),
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an incident is worked on. One per app."""

    rules: Rules
    measures: Measures
