"""Wall-clock times on ordinary and odd days."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.paging.domain.zones import FIRST, LAST, zones
from tocsin_paging.domain.wall_clock import first_instant, last_instant

BERLIN, LORD_HOWE, SANTIAGO, APIA = (
    ZoneInfo(name) for name in ("Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia")
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "local", "first", "last"),
    [
        (BERLIN, "2026-06-01T09:00", "2026-06-01T07:00", "2026-06-01T07:00"),
        (BERLIN, "2026-03-29T02:30", "2026-03-29T01:00", "2026-03-29T01:00"),  # skipped: the end of the gap
        (BERLIN, "2026-03-29T02:00", "2026-03-29T01:00", "2026-03-29T01:00"),
        (BERLIN, "2026-10-25T02:30", "2026-10-25T00:30", "2026-10-25T01:30"),  # comes twice
        (LORD_HOWE, "2026-10-04T02:15", "2026-10-03T15:30", "2026-10-03T15:30"),  # a gap of half an hour
        (LORD_HOWE, "2026-04-05T01:45", "2026-04-04T14:45", "2026-04-04T15:15"),
        (SANTIAGO, "2026-09-06T00:00", "2026-09-06T04:00", "2026-09-06T04:00"),  # midnight does not exist
        (APIA, "2011-12-30T12:00", "2011-12-30T10:00", "2011-12-30T10:00"),  # the day that Samoa skipped
    ],
)
def test_odd_days(zone: ZoneInfo, local: str, first: str, last: str) -> None:
    at = datetime.fromisoformat(local)
    assert (first_instant(at, zone), last_instant(at, zone)) == (utc(first), utc(last))


@given(local=st.datetimes(FIRST, LAST).map(lambda at: at.replace(microsecond=0)), zone=zones)
def test_a_time_that_exists_reads_back(local: datetime, zone: str) -> None:
    tz = ZoneInfo(zone)
    first, last = first_instant(local, tz), last_instant(local, tz)
    assert first <= last
    read = first.astimezone(tz).replace(tzinfo=None)
    assert read == last.astimezone(tz).replace(tzinfo=None)
    assert read >= local  # equal, or the first instant after the gap
    if read > local:
        just_before = datetime.fromtimestamp(first.timestamp() - 1, tz).replace(tzinfo=None)
        assert just_before < local
