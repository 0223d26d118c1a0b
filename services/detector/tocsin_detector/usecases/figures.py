"""The detector's own metrics: tocsin_detector_…"""

from time import perf_counter

from prometheus_client import Counter, Histogram

from tocsin_detector.domain.integration import Road
from tocsin_detector.domain.severity import UNKNOWN_RULE
from tocsin_detector.domain.turn import Step
from tocsin_runtime.metrics import Metrics

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)


class IntakeFigures:
    """What comes in. Labels: the road, and the outcome's name."""

    def __init__(self, metrics: Metrics) -> None:
        self._deliveries = metrics.counter(
            "deliveries", "Deliveries by road and outcome", labels=["road", "outcome"]
        )
        self._seconds = metrics.histogram(
            "accept_seconds", "From a post's arrival to its answer", labels=["road"], buckets=_FAST
        )
        alerts = metrics.counter("signals_accepted", "Alerts in accepted deliveries", labels=["road"])
        self._alerts = {road: alerts.labels(road.value) for road in Road}
        self.queue = metrics.gauge("accept_queue", "Deliveries that wait for a write")

        self._known: dict[tuple[str, str], tuple[Counter, Histogram]] = {}

    def count(self, road: str, outcome: str, began: float) -> None:
        """One delivery was answered; `began` is perf_counter's time of its arrival."""
        known = self._known.get((road, outcome))
        if known is None:  # finding a labelled child is dearer than counting
            known = self._deliveries.labels(road, outcome), self._seconds.labels(road)
            self._known[road, outcome] = known
        known[0].inc()
        known[1].observe(perf_counter() - began)

    def count_alerts(self, road: Road, alerts: int) -> None:
        """So many alerts were in a delivery that was accepted."""
        self._alerts[road].inc(alerts)


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
