"""Uptime bars come from what was really shown, day by day in the page's zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.unit.comms.builders import T0
from tocsin_comms.domain.states import ComponentState
from tocsin_comms.domain.uptime import Period, daily, share_up

HOUR = timedelta(hours=1)
UP, PARTIAL, MAJOR = ComponentState.OPERATIONAL, ComponentState.PARTIAL_OUTAGE, ComponentState.MAJOR_OUTAGE


def test_days_before_the_first_record_are_unknown() -> None:
    days = daily([Period(UP, T0 - 2 * HOUR)], T0, zone=UTC)
    assert len(days) == 90
    assert [day.state for day in days[-2:]] == [None, UP]


def test_a_day_shows_its_worst_and_how_long_it_was_down() -> None:
    now = datetime(2026, 11, 24, 20, tzinfo=UTC)
    began = datetime(2026, 11, 1, tzinfo=UTC)
    fell, rose = now - 5 * HOUR, now - 3 * HOUR
    days = daily([Period(UP, began, fell), Period(MAJOR, fell, rose), Period(UP, rose)], now, zone=UTC)
    assert (days[-1].state, days[-1].down) == (MAJOR, 2 * HOUR)
    assert (days[-2].state, days[-2].down) == (UP, timedelta())


def test_an_outage_over_midnight_counts_on_both_days() -> None:
    fell, rose = datetime(2026, 11, 22, 23, tzinfo=UTC), datetime(2026, 11, 23, 2, tzinfo=UTC)
    days = daily([Period(PARTIAL, fell, rose), Period(UP, rose)], T0, zone=UTC)
    assert [(day.date, day.down) for day in days[-3:-1]] == [
        (date(2026, 11, 22), HOUR),
        (date(2026, 11, 23), 2 * HOUR),
    ]


def test_a_day_is_as_long_as_its_zone_makes_it() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 10, 26, 12, tzinfo=UTC)
    days = daily([Period(MAJOR, datetime(2026, 10, 1, tzinfo=UTC))], now, zone=berlin, days=3)
    assert days[1].date == date(2026, 10, 25)
    assert days[1].down == 25 * HOUR


def test_an_outage_from_before_the_window_still_counts_in_it() -> None:
    days = daily([Period(MAJOR, T0 - timedelta(days=400))], T0, zone=UTC)
    assert {day.state for day in days} == {MAJOR}


def test_the_share_weighs_outages_as_statuspage_does() -> None:
    began = T0 - 100 * HOUR
    periods = [
        Period(UP, began, T0 - 20 * HOUR),
        Period(PARTIAL, T0 - 20 * HOUR, T0 - 10 * HOUR),
        Period(MAJOR, T0 - 10 * HOUR, T0 - 9 * HOUR),
        Period(UP, T0 - 9 * HOUR),
    ]
    assert share_up(periods, T0) == 1 - (10 * 0.3 + 1) / 100


def test_no_record_is_no_number() -> None:
    assert share_up([], T0) is None


def test_of_less_than_a_day_there_is_no_number_yet() -> None:
    fell, rose = T0 - 3 * HOUR, T0 - 2 * HOUR
    young = [Period(UP, T0 - 23 * HOUR, fell), Period(MAJOR, fell, rose), Period(UP, rose)]
    assert share_up(young, T0) is None
