"""Planned work is typed on a wall clock, which has two odd days a year."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from tocsin_comms.web.work_form import WorkForm

BERLIN = ZoneInfo("Europe/Berlin")


def planned(starts_at: str, ends_at: str) -> tuple[datetime, datetime]:
    form = WorkForm(name="Upgrade", starts_at=starts_at, ends_at=ends_at, component_ids=[UUID(int=1)])
    errors = dict[str, str]()
    found = form.planned(BERLIN, errors)
    assert found is not None, errors
    return found.starts_at, found.ends_at


def test_a_time_is_that_of_the_reader() -> None:
    assert planned("2026-07-01T22:00", "2026-07-01T23:00")[0] == datetime(2026, 7, 1, 20, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_worked_on_twice() -> None:
    begins, ends = planned("2026-10-25T02:00", "2026-10-25T02:30")
    assert (begins, ends) == (
        datetime(2026, 10, 25, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    )


def test_a_time_that_is_skipped_is_after_the_gap() -> None:
    begins, _ = planned("2026-03-29T02:30", "2026-03-29T04:00")
    assert begins == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "x", "2026-07-01", "0001-01-01T00:00", "9999-12-31T23:59", "2026-07-01T25:00"]
)
def test_what_is_no_time_is_said(text: str) -> None:
    errors = dict[str, str]()
    assert WorkForm(name="A", starts_at=text, ends_at=text).planned(BERLIN, errors) is None
    assert set(errors) == {"starts_at", "ends_at", "component_ids"}
