"""The columns of each CSV."""

from collections.abc import Iterable, Sequence
from dataclasses import fields

from tocsin_analytics.api.table import Cell
from tocsin_analytics.domain.definitions import DEFINITIONS
from tocsin_analytics.domain.durations import Metric, Outcome, measure
from tocsin_analytics.domain.figures import CountPoint, DurationPoint, Figure, Summary
from tocsin_analytics.domain.interruptions import Band, Interruptions
from tocsin_analytics.domain.rows import IncidentRow
from tocsin_analytics.store.queries import FactRow

SUMMARY = (
    *("metric", "name", "n", "median_seconds", "p90_seconds", "mean_seconds", "low_seconds", "high_seconds"),
    *("n_before", "median_seconds_before", "difference", "verdict"),
    *(outcome.value for outcome in Outcome),
)
INCIDENTS = (
    *(field.name for field in fields(IncidentRow)),
    *("severities", *(f"{metric}_seconds" for metric in Metric)),
)
DURATIONS = ("start", "n", "median_seconds", "p90_seconds", "mean_seconds")
INTERRUPTIONS = ("user_id", "user", "timezone", "n", *(band.value for band in Band))


def summary_rows(summary: Summary) -> Iterable[Sequence[Cell]]:
    """The number of incidents, then one line a metric."""
    frequency = summary.frequency
    counted: Sequence[Cell] = ("incidents", "Incidents", frequency.n, *[None] * 5, frequency.before, None)
    yield (*counted, frequency.change.difference, frequency.change.verdict.value, *[None] * len(Outcome))
    yield from (_figure(figure) for figure in summary.figures.values())


def incident_rows(rows: Iterable[FactRow]) -> Iterable[Sequence[Cell]]:
    """One line an incident; a duration that there is not is empty."""
    for row in rows:
        incident = row.incident
        told = [_text(getattr(incident, field.name)) for field in fields(IncidentRow)]
        took = [measure(incident, metric).duration for metric in Metric]
        yield (
            *told,
            " ".join(row.severities),
            *(None if each is None else each.total_seconds() for each in took),
        )


def series_table(
    points: Sequence[DurationPoint | CountPoint], scale: Sequence[str]
) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
    """The header and the lines of a series; `scale` are the severities of a count, none for a duration."""
    if scale:
        return ("start", "n", *scale), (
            (point.start.isoformat(), point.n, *point.severities.values())
            for point in points
            if isinstance(point, CountPoint)
        )
    return DURATIONS, (
        (point.start.isoformat(), point.sample.n, point.sample.median, point.sample.p90, point.sample.mean)
        for point in points
        if isinstance(point, DurationPoint)
    )


def interruption_rows(rows: Iterable[Interruptions]) -> Iterable[Sequence[Cell]]:
    """One line a person."""
    return (
        (str(row.user_id), row.user, row.zone, row.n, *(row.bands[band] for band in Band)) for row in rows
    )


def _figure(figure: Figure) -> Sequence[Cell]:
    now, before = figure.now, figure.before
    return (
        *(figure.metric.value, DEFINITIONS[figure.metric].name),
        *(now.n, now.median, now.p90, now.mean, now.low, now.high),
        *(before.n, before.median, figure.change.difference, figure.change.verdict.value),
        *(figure.outcomes[outcome] for outcome in Outcome),
    )


def _text(value: object) -> Cell:
    return value if isinstance(value, Cell) else str(value)
