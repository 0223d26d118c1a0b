"""What the charts draw: the same points as the tables behind them, in the unit that fits."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from tocsin_analytics.domain.figures import SEVERITIES, CountPoint, DurationPoint, Frequency
from tocsin_analytics.domain.periods import Period, Step

UNITS = ((1.0, "s"), (60.0, "min"), (3600.0, "h"), (86400.0, "d"))
TONES = dict(zip(SEVERITIES, ("red", "orange", "amber", "slate"), strict=True))
Spec = dict[str, Any]


def step_for(period: Period) -> Step:
    """The step that gives a chart a dozen points or so."""
    if period.days <= 14:
        return Step.DAY
    return Step.WEEK if period.days <= 200 else Step.MONTH


def durations_chart(points: Sequence[DurationPoint], step: Step, *, links: Sequence[str]) -> Spec:
    """Median and 90th percentile; a gap where nothing was measured. `links` lead to each point's incidents."""
    highest = max((point.sample.p90 or 0 for point in points), default=0)
    divisor, unit = next((each for each in reversed(UNITS) if highest >= 5 * each[0]), UNITS[0])

    def scaled(seconds: float | None) -> float | None:
        return None if seconds is None else round(seconds / divisor, 1)

    return {
        "kind": "line",
        "categories": [day_words(point.start, step) for point in points],
        "unit": unit,
        "links": links,
        "series": [
            {"name": "Median", "values": [scaled(point.sample.median) for point in points], "tone": "indigo"},
            {"name": "90 %", "values": [scaled(point.sample.p90) for point in points], "tone": "slate"},
        ],
    }


def incidents_chart(points: Sequence[CountPoint], step: Step, *, links: Sequence[str]) -> Spec:
    """Incidents by when they began, the gravest at the bottom."""
    return {
        "kind": "stacked",
        "categories": [day_words(point.start, step) for point in points],
        "links": links,
        "series": [
            {"name": severity, "values": [point.severities[severity] for point in points], "tone": tone}
            for severity, tone in TONES.items()
        ],
    }


def severity_chart(frequency: Frequency, *, links: Sequence[str]) -> Spec:
    """How many of each severity, now and before."""
    return {
        "kind": "bar",
        "categories": list(SEVERITIES),
        "links": links,
        "series": [
            {"name": "Before", "values": list(frequency.severities_before.values()), "tone": "slate"},
            {"name": "Now", "values": list(frequency.severities.values()), "tone": "indigo"},
        ],
    }


def day_words(start: date, step: Step) -> str:
    """A bucket as the axis shows it: `2 Mar`, or `Mar 2026` for a month."""
    return f"{start:%b %Y}" if step is Step.MONTH else f"{start.day} {start:%b}"


def long_day(day: date) -> str:
    """A day in a sentence: `2 Mar 2026`."""
    return f"{day.day} {day:%b %Y}"
