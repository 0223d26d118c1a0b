"""A golden history: nine incidents whose figures were computed by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from tocsin_analytics.domain.durations import Metric, Outcome
from tocsin_analytics.domain.figures import counts_over_time, durations_over_time, summarise
from tocsin_analytics.domain.periods import Period, Step
from tocsin_analytics.domain.rows import IncidentRow
from tocsin_analytics.domain.statistics import Sample, Verdict

MARCH = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
WEEKS = Period(MARCH, MARCH + timedelta(days=14))
UTC_ZONE = ZoneInfo("UTC")
MINUTE = timedelta(minutes=1)


def incident(
    number: int,
    day: int,
    *,
    severity: str = "SEV-2",
    acknowledged: float | None = None,
    resolved: float | None = None,
    impact: float | None = None,
) -> IncidentRow:
    """An incident at noon of a day; the other times are minutes after its opening."""
    opened = MARCH + timedelta(days=day, hours=12)

    def at(minutes: float | None) -> datetime | None:
        return None if minutes is None else opened + minutes * MINUTE

    return IncidentRow(
        incident_id=UUID(int=number),
        number=number,
        title=f"Incident {number}",
        severity=severity,
        status="detected",
        origin="alert",
        drill=False,
        service_id=None,
        service="checkout",
        team_id=None,
        opened_at=opened,
        detected_at=opened,
        impact_started_at=at(impact),
        acknowledged_at=at(acknowledged),
        resolved_at=at(resolved),
        last_resolved_at=at(resolved),
    )


HISTORY = [
    incident(1, -5, acknowledged=10, resolved=100),  # the period before
    incident(2, -3, acknowledged=20, resolved=200),
    incident(3, 0, severity="SEV-1", acknowledged=1, resolved=22, impact=-10),
    incident(4, 1, acknowledged=2, resolved=60),
    incident(5, 1, acknowledged=5, resolved=10),
    replace(incident(6, 8, severity="SEV-3", resolved=5), auto_resolved=True),
    incident(7, 9, resolved=300),  # resolved by hand, never acknowledged
    replace(incident(8, 10, acknowledged=22), reopened=1, overdue_updates=2),  # still open
    incident(9, 13, acknowledged=-1, resolved=20),  # invalid
    replace(incident(10, 3, acknowledged=500, resolved=900), drill=True),
    incident(11, 14, acknowledged=999, resolved=999),  # opened at noon after the period
]


def test_the_time_to_acknowledge_of_the_golden_history() -> None:
    figure = summarise(HISTORY, WEEKS).figures[Metric.ACKNOWLEDGE]

    # 1, 2, 5 and 22 minutes; median (2 + 5) / 2, p90 5 + 0.7 * 17, mean 30 / 4
    assert (figure.now.n, figure.now.median, figure.now.mean) == (4, 210.0, 450.0)
    assert figure.now.p90 == pytest.approx(1014.0)
    assert figure.before == Sample(2, median=900.0, p90=1140.0, mean=900.0)
    assert (figure.change.verdict, figure.change.difference) == (Verdict.TOO_FEW, -690.0)
    assert figure.outcomes == {
        Outcome.MEASURED: 4,
        Outcome.ONGOING: 0,
        Outcome.NOT_RECORDED: 0,
        Outcome.INVALID: 1,
        Outcome.AUTO_RESOLVED: 1,
        Outcome.NEVER_ACKNOWLEDGED: 1,
    }


def test_the_time_to_recover_of_the_golden_history() -> None:
    figure = summarise(HISTORY, WEEKS).figures[Metric.RECOVER]

    # 32 (from the impact), 60, 10, 5, 300 and 20 minutes; p90 60 + 0.5 * 240
    assert (figure.now.n, figure.now.median, figure.now.p90) == (6, 26 * 60.0, 180 * 60.0)
    assert figure.now.mean == pytest.approx(427 * 10.0)
    assert (figure.now.low, figure.now.high) == (5 * 60.0, 300 * 60.0)
    assert figure.assumed == 5
    assert figure.outcomes[Outcome.ONGOING] == 1


def test_every_incident_has_one_outcome_in_every_figure() -> None:
    summary = summarise(HISTORY, WEEKS)

    assert (
        {sum(figure.outcomes.values()) for figure in summary.figures.values()} == {summary.frequency.n} == {7}
    )


def test_how_often_and_how_bad() -> None:
    frequency = summarise(HISTORY, WEEKS).frequency

    assert (frequency.n, frequency.before, frequency.per_day, frequency.per_week) == (7, 2, 0.5, 3.5)
    assert frequency.severities == {"SEV-1": 1, "SEV-2": 5, "SEV-3": 1, "SEV-4": 0}
    assert (frequency.reopened, frequency.auto_resolved, frequency.overdue_updates) == (1, 1, 2)


def test_drills_are_apart() -> None:
    assert summarise(HISTORY, WEEKS).drills == 1

    drilled = summarise(HISTORY, WEEKS, drills=True)

    assert (drilled.frequency.n, drilled.drills) == (1, 1)
    assert drilled.figures[Metric.ACKNOWLEDGE].now.median == 500 * 60


def test_a_series_shows_weeks_without_a_figure_as_empty() -> None:
    points = durations_over_time(HISTORY, Metric.ACKNOWLEDGE, period=WEEKS, step=Step.WEEK, zone=UTC_ZONE)

    assert [(point.start, point.sample.n, point.sample.median) for point in points] == [
        (date(2026, 3, 2), 3, 120.0),
        (date(2026, 3, 9), 1, 1320.0),
    ]
    days = durations_over_time(HISTORY, Metric.ACKNOWLEDGE, period=WEEKS, step=Step.DAY, zone=UTC_ZONE)
    assert [point.sample.median for point in days[:4]] == [60.0, 210.0, None, None]


def test_a_series_of_counts() -> None:
    points = counts_over_time(HISTORY, period=WEEKS, step=Step.WEEK, zone=UTC_ZONE)

    assert [(point.start.day, point.n, point.severities["SEV-2"]) for point in points] == [
        (2, 3, 2),
        (9, 4, 3),
    ]


def test_nothing_at_all() -> None:
    summary = summarise([], WEEKS)

    assert summary.frequency.n == 0
    assert all(figure.now == Sample(0) for figure in summary.figures.values())
