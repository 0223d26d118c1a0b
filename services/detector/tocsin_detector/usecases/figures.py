"""The detector's own metrics: tocsin_detector_…"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from tocsin_detector.domain.integration import Road
from tocsin_detector.domain.severity import UNKNOWN_RULE
from tocsin_detector.domain.turn import Step
from tocsin_runtime.clock import stopwatch
from tocsin_runtime.metrics import Metrics

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)


@dataclass(slots=True)
class _Tally:
    """Answers of one outcome on one road: how many, and in how much time."""

    buckets: list[int]
    answers: int = 0
    seconds: float = 0.0


class IntakeFigures(Collector):
    """What comes in. Labels: the road, and the outcome's name.

    Counted in plain numbers and given away when somebody asks: the client's own counters and histograms would cost
    a tenth of accepting an alert.
    """

    def __init__(self, registry: CollectorRegistry, *, waiting: Callable[[], int]) -> None:
        self._tallies: dict[tuple[str, str], _Tally] = {}
        self._alerts = dict.fromkeys(Road, 0)
        self._waiting = waiting
        registry.register(self)

    def count(self, road: str, outcome: str, began: float) -> None:
        """One delivery was answered; `began` is the stopwatch's time of its arrival."""
        spent = stopwatch() - began
        tally = self._tallies.get((road, outcome))
        if tally is None:
            tally = self._tallies[road, outcome] = _Tally([0] * (len(_FAST) + 1))
        tally.answers += 1
        tally.seconds += spent
        tally.buckets[bisect_left(_FAST, spent)] += 1

    def count_alerts(self, road: Road, alerts: int) -> None:
        """So many alerts were in a delivery that was accepted."""
        self._alerts[road] += alerts

    def collect(self) -> Iterator[Metric]:
        """The figures as Prometheus reads them."""
        deliveries = CounterMetricFamily(
            "tocsin_detector_deliveries", "Deliveries by road and outcome", labels=["road", "outcome"]
        )
        seconds = HistogramMetricFamily(
            "tocsin_detector_accept_seconds", "From a post's arrival to its answer", labels=["road"]
        )
        for (road, outcome), tally in self._tallies.items():
            deliveries.add_metric([road, outcome], tally.answers)
        for road in {road for road, _ in self._tallies}:
            mine = [tally for (name, _), tally in self._tallies.items() if name == road]
            sums = list(accumulate(sum(tally.buckets[n] for tally in mine) for n in range(len(_FAST) + 1)))
            edges = [*(str(float(edge)) for edge in _FAST), "+Inf"]
            pairs = list(zip(edges, map(float, sums), strict=True))
            seconds.add_metric([road], pairs, sum(tally.seconds for tally in mine))
        alerts = CounterMetricFamily(
            "tocsin_detector_signals_accepted", "Alerts in accepted deliveries", labels=["road"]
        )
        for name, many in self._alerts.items():
            alerts.add_metric([name.value], many)
        yield from (deliveries, seconds, alerts)
        yield GaugeMetricFamily(
            "tocsin_detector_accept_queue", "Deliveries that wait for a write", value=self._waiting()
        )


class LaneFigures:
    """What becomes of it."""

    def __init__(self, metrics: Metrics) -> None:
        self._decisions = metrics.counter(
            "decisions", "Decisions by verb and reason", labels=["verb", "reason"]
        )
        self.turn_seconds = metrics.histogram(
            "lane_turn_seconds", "Time of one turn of a lane, with its commit"
        )
        self.turn_signals = metrics.histogram(
            "lane_turn_signals", "Signals in one turn of a lane", buckets=_SIZES
        )
        self._group_size = metrics.histogram(
            "group_alerts", "Alerts in a group when another one joins", buckets=_SIZES
        )
        self.unprocessed_age = metrics.gauge(
            "unprocessed_age_seconds", "How long the oldest accepted delivery has waited for its lane"
        )
        self.unprocessed = metrics.gauge(
            "unprocessed_deliveries", "Accepted deliveries that wait for their lane"
        )
        self._unknown_severities = metrics.counter(
            "unknown_severities", "Signals whose severity word nobody knows"
        )

    def decided(self, step: Step) -> None:
        """A signal did this."""
        self._decisions.labels(step.decision.verb.value, step.decision.reason).inc()
        if step.heard.signal.severity_rule.startswith(UNKNOWN_RULE):
            self._unknown_severities.inc()
        if step.group_alerts:
            self._group_size.observe(step.group_alerts)
