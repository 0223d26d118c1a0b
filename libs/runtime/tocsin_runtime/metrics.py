"""Prometheus metrics under one name per service, in a registry that the host passes in."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LATENCY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """Makes metrics called `tocsin_<service>_<what>_<unit>`. Labels take values from closed sets only."""

    def __init__(self, registry: CollectorRegistry, service: str) -> None:
        self.registry = registry
        self._prefix = f"tocsin_{service}"

    def counter(self, name: str, help_text: str, *, labels: Sequence[str] = ()) -> Counter:
        """A count that only grows; the client adds `_total`."""
        return Counter(f"{self._prefix}_{name}", help_text, labels, registry=self.registry)

    def gauge(self, name: str, help_text: str, *, labels: Sequence[str] = ()) -> Gauge:
        """A value that goes up and down."""
        return Gauge(f"{self._prefix}_{name}", help_text, labels, registry=self.registry)

    def histogram(
        self,
        name: str,
        help_text: str,
        *,
        labels: Sequence[str] = (),
        buckets: Sequence[float] = LATENCY_SECONDS,
    ) -> Histogram:
        """A distribution, in base units."""
        return Histogram(f"{self._prefix}_{name}", help_text, labels, registry=self.registry, buckets=buckets)
