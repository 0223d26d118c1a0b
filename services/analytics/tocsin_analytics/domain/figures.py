"""The figures of a period beside those of the period before, and their course over time."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tocsin_analytics.domain.durations import Measurement, Metric, Outcome, measure
from tocsin_analytics.domain.periods import Period, Step, bucket, buckets
from tocsin_analytics.domain.rows import IncidentRow
from tocsin_analytics.domain.statistics import Change, Sample, compare, compare_counts, sample

SEVERITIES = ("SEV-1", "SEV-2", "SEV-3", "SEV-4")
ALERT_SEVERITIES = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric over a period. `outcomes` counts every incident of the period once, measured or why not.

    `assumed` says for how many of the `now.n` the impact's start was not recorded, so that detection stands
    in.
    """

    metric: Metric
    now: Sample
    before: Sample
    change: Change
    outcomes: dict[Outcome, int]
    assumed: int = 0


@dataclass(frozen=True, slots=True)
class Frequency:
    """How many incidents began, and how often that is."""

    n: int
    before: int
    change: Change
    per_day: float
    per_week: float
    severities: dict[str, int]
    severities_before: dict[str, int]
    reopened: int
    auto_resolved: int
    overdue_updates: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a period's incidents say: the real ones, or the drills alone.

    `drills` counts the period's drills.
    """

    period: Period
    before: Period
    frequency: Frequency
    figures: dict[Metric, Figure]
    drills: int


@dataclass(frozen=True, slots=True)
class DurationPoint:
    """One metric over one day, week or month."""

    start: date
    sample: Sample


@dataclass(frozen=True, slots=True)
class Began:
    """So many of one severity began at, or within a quarter of an hour from, that moment."""

    at: datetime
    severity: str
    n: int = 1


@dataclass(frozen=True, slots=True)
class CountPoint:
    """How many incidents (or alerts) began in one day, week or month, and how bad they were, the worst first."""

    start: date
    n: int
    severities: dict[str, int]


def summarise(rows: Sequence[IncidentRow], period: Period, *, drills: bool = False) -> Summary:
    """The figures of a period and of the one before. `rows` should hold the incidents that began in either.

    Drills never mix with real incidents: `drills` asks for the figures of the drills instead.
    """
    before = period.before()
    current = _within(rows, period, drills=drills)
    previous = _within(rows, before, drills=drills)
    figures = {metric: _figure(metric, current, previous) for metric in Metric}
    drilled = len(_within(rows, period, drills=True))
    return Summary(period, before, _frequency(current, previous, period), figures, drilled)


def durations_over_time(
    rows: Iterable[IncidentRow],
    metric: Metric,
    *,
    period: Period,
    step: Step,
    zone: ZoneInfo,
    drills: bool = False,
) -> list[DurationPoint]:
    """One metric per bucket, by when the incident began; an empty bucket has n = 0, never a zero duration."""
    found: dict[date, list[float]] = {start: [] for start in buckets(period, step, zone=zone)}
    for row in _within(rows, period, drills=drills):
        if (seconds := _seconds(measure(row, metric))) is not None:
            found[bucket(row.opened_at, step, zone=zone)].append(seconds)
    return [DurationPoint(start, sample(seconds)) for start, seconds in found.items()]


def counts_over_time(
    rows: Iterable[IncidentRow], *, period: Period, step: Step, zone: ZoneInfo, drills: bool = False
) -> list[CountPoint]:
    """How many incidents began per bucket, by severity."""
    began = [Began(row.opened_at, row.severity) for row in _within(rows, period, drills=drills)]
    return _count(began, SEVERITIES, period=period, step=step, zone=zone)


def alerts_over_time(
    began: Iterable[Began], *, period: Period, step: Step, zone: ZoneInfo
) -> list[CountPoint]:
    """How many alerts began per bucket, by the severity that the sender gave."""
    return _count(began, ALERT_SEVERITIES, period=period, step=step, zone=zone)


def _count(
    began: Iterable[Began], scale: Sequence[str], *, period: Period, step: Step, zone: ZoneInfo
) -> list[CountPoint]:
    found: dict[date, Counter[str]] = {start: Counter() for start in buckets(period, step, zone=zone)}
    for some in began:
        found[bucket(some.at, step, zone=zone)][some.severity] += some.n
    return [CountPoint(start, counted.total(), _by(scale, counted)) for start, counted in found.items()]


def _by(scale: Sequence[str], counted: Counter[str]) -> dict[str, int]:
    """Every severity of the scale, also those that did not occur."""
    return {severity: counted[severity] for severity in scale}


def _within(rows: Iterable[IncidentRow], period: Period, *, drills: bool) -> list[IncidentRow]:
    return [row for row in rows if row.drill is drills and period.holds(row.opened_at)]


def _figure(metric: Metric, current: Sequence[IncidentRow], previous: Sequence[IncidentRow]) -> Figure:
    measured = [measure(row, metric) for row in current]
    now, before = _sampled(measured), _sampled([measure(row, metric) for row in previous])
    counted = Counter(each.outcome for each in measured)
    outcomes = {outcome: counted[outcome] for outcome in Outcome}
    return Figure(metric, now, before, compare(now, before), outcomes, sum(each.assumed for each in measured))


def _sampled(measured: Iterable[Measurement]) -> Sample:
    return sample([seconds for each in measured if (seconds := _seconds(each)) is not None])


def _seconds(measured: Measurement) -> float | None:
    return None if measured.duration is None else measured.duration.total_seconds()


def _frequency(current: Sequence[IncidentRow], previous: Sequence[IncidentRow], period: Period) -> Frequency:
    per_day = len(current) / period.days
    return Frequency(
        n=len(current),
        before=len(previous),
        change=compare_counts(len(current), len(previous)),
        per_day=per_day,
        per_week=per_day * 7,
        severities=_by(SEVERITIES, Counter(row.severity for row in current)),
        severities_before=_by(SEVERITIES, Counter(row.severity for row in previous)),
        reopened=sum(row.reopened > 0 for row in current),
        auto_resolved=sum(row.auto_resolved for row in current),
        overdue_updates=sum(row.overdue_updates for row in current),
    )
