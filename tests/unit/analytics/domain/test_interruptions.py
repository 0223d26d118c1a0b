"""Who was disturbed, and when, in their own zone."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from tocsin_analytics.domain.interruptions import Band, PageRow, band, interruptions

ANA, BO, INCIDENT = UUID(int=1), UUID(int=2), UUID(int=9)
BERLIN = ZoneInfo("Europe/Berlin")


def page(at: datetime, *, user: UUID = ANA, step: int = 1, incident: UUID = INCIDENT) -> PageRow:
    return PageRow(incident, user, "Ana" if user == ANA else "Bo", step, 1, at)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        (datetime(2026, 3, 2, 7, 59, tzinfo=BERLIN), Band.SLEEP),
        (datetime(2026, 3, 2, 8, 0, tzinfo=BERLIN), Band.WORK),
        (datetime(2026, 3, 2, 17, 59, tzinfo=BERLIN), Band.WORK),
        (datetime(2026, 3, 2, 18, 0, tzinfo=BERLIN), Band.OFF),
        (datetime(2026, 3, 2, 22, 0, tzinfo=BERLIN), Band.SLEEP),
        (datetime(2026, 3, 7, 12, 0, tzinfo=BERLIN), Band.OFF),  # a Saturday
        (datetime(2026, 3, 8, 3, 12, tzinfo=BERLIN), Band.SLEEP),
    ],
)
def test_the_bands_of_a_week(local: datetime, expected: Band) -> None:
    assert band(local.astimezone(UTC), BERLIN) is expected


def test_two_channels_of_one_step_interrupt_once() -> None:
    at = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
    later = at.replace(minute=31)

    [row] = interruptions([page(later), page(at), page(at, step=2)], {ANA: BERLIN})

    assert (row.n, row.bands) == (2, {Band.WORK: 0, Band.OFF: 0, Band.SLEEP: 2})


def test_the_one_who_slept_least_comes_first() -> None:
    noon, night = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 2, 2, tzinfo=UTC)
    pages = [page(noon, incident=UUID(int=n)) for n in range(3)] + [page(night, user=BO)]

    rows = interruptions(pages, {ANA: BERLIN})

    assert [(row.user, row.n, row.zone) for row in rows] == [("Bo", 1, "UTC"), ("Ana", 3, "Europe/Berlin")]
