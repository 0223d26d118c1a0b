"""Periods and their days, weeks and months in the reader's zone, across changes of the clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin_analytics.domain.periods import (
    InvalidPeriod,
    Period,
    Step,
    UnknownZone,
    bucket,
    buckets,
    last_days,
    period_between,
    whole_days,
    zone_named,
)

BERLIN, BEIRUT = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Beirut")
NOW = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)  # the 25th in Berlin
ZONES = [ZoneInfo("UTC"), BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), BEIRUT]


def test_a_week_with_a_change_of_clocks_is_an_hour_shorter() -> None:
    assert whole_days(date(2026, 3, 23), date(2026, 3, 29), zone=BERLIN).length == timedelta(days=7, hours=-1)


def test_a_day_whose_midnight_does_not_exist_begins_at_the_first_moment_after() -> None:
    period = whole_days(date(2026, 3, 29), date(2026, 3, 29), zone=BEIRUT)  # clocks go from 00:00 to 01:00

    assert period.start == datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert period.length == timedelta(hours=23)


def test_the_last_days_include_today() -> None:
    assert last_days(7, now=NOW, zone=BERLIN) == whole_days(
        date(2026, 11, 19), date(2026, 11, 25), zone=BERLIN
    )


def test_the_period_before_has_the_same_length_and_meets_this_one() -> None:
    period = Period(datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 3, 15, tzinfo=UTC))

    assert period.before() == Period(datetime(2026, 3, 1, tzinfo=UTC), period.start)
    assert period.holds(period.start)
    assert not period.holds(period.end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)),
        (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2000, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 2, tzinfo=UTC)),
        (datetime(9999, 12, 30, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)),
    ],
)
def test_a_period_that_cannot_be_used_is_refused(start: datetime, end: datetime) -> None:
    with pytest.raises(InvalidPeriod):
        Period(start, end)


@pytest.mark.parametrize(
    ("start", "end", "complaint"),
    [
        ("9999-12-31", None, "ends before"),
        (None, "9999-12-31", "calendar"),
        ("0001-01-01", "0001-01-02", "calendar"),
        ("0001-01-01T00:00:00+14:00", None, "calendar"),
        ("2026-03-02T09:00", None, "time zone"),
        ("yesterday", None, "is no time"),
        ("2026-02-30", None, "is no time"),
        ("2026-03-03", "2026-03-02", "ends before"),
        ("2026-03-02T09:00:00Z", "2026-03-02T11:00:00+02:00", "ends before"),
        (None, "1980-01-01", "between the years"),
    ],
)
def test_a_period_that_was_written_badly_is_refused_with_a_reason(
    start: str | None, end: str | None, complaint: str
) -> None:
    with pytest.raises(InvalidPeriod, match=complaint):
        period_between(start, end, days=30, now=NOW, zone=BERLIN)


@pytest.mark.parametrize(
    ("start", "end", "period"),
    [
        (None, None, last_days(30, now=NOW, zone=BERLIN)),
        ("2026-03-02", "2026-03-02", whole_days(date(2026, 3, 2), date(2026, 3, 2), zone=BERLIN)),
        ("2026-11-01", None, whole_days(date(2026, 11, 1), date(2026, 11, 25), zone=BERLIN)),
        (
            "2026-03-02T09:00:00Z",
            "2026-03-02T18:00:00+02:00",
            Period(datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 16, tzinfo=UTC)),
        ),
        (
            None,
            "2026-03-02T09:00:00Z",
            Period(datetime(2026, 1, 31, 9, tzinfo=UTC), datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ),
    ],
)
def test_a_period_may_be_written_as_dates_or_times(
    start: str | None, end: str | None, period: Period
) -> None:
    assert period_between(start, end, days=30, now=NOW, zone=BERLIN) == period


@pytest.mark.parametrize(
    "name", ["", "America", "../etc/passwd", "Mars/Olympus", "x" * 5000, "europe/berlin "]
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownZone):
        zone_named(name)


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    period = whole_days(date(2026, 1, 28), date(2026, 3, 3), zone=BERLIN)

    assert list(buckets(period, Step.WEEK, zone=BERLIN))[:2] == [date(2026, 1, 26), date(2026, 2, 2)]
    assert list(buckets(period, Step.MONTH, zone=BERLIN)) == [
        date(2026, 1, 1),
        date(2026, 2, 1),
        date(2026, 3, 1),
    ]


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 3_600_000).map(
        lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    st.timedeltas(timedelta(minutes=1), timedelta(days=100)),
    st.floats(0, 0.999999),
    st.sampled_from(list(Step)),
    st.sampled_from(ZONES),
)
def test_every_moment_of_a_period_has_its_bucket(
    start: datetime, length: timedelta, share: float, step: Step, zone: ZoneInfo
) -> None:
    period = Period(start, start + length)
    found = list(buckets(period, step, zone=zone))

    assert bucket(start + length * share, step, zone=zone) in found
    assert found == sorted(set(found))
