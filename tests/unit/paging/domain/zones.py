"""Zones whose clocks do odd things, and the years in which they do them."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from hypothesis import strategies as st

from tocsin_paging.domain.rotation import Plan

ODD_ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Africa/Cairo",
    "America/Havana",
    "Asia/Beirut",
    "Pacific/Apia",
    "Pacific/Chatham",
    "America/Nuuk",
    "UTC",
)
PEOPLE = tuple(UUID(int=number) for number in range(1, 7))
FIRST, LAST = datetime.fromisoformat("2010-01-01"), datetime.fromisoformat("2027-12-01")

zones = st.sampled_from(ODD_ZONES)
instants = st.datetimes(FIRST, LAST).map(lambda at: at.replace(tzinfo=UTC, second=0, microsecond=0))
minutes = st.integers(0, 24 * 60 - 1).map(lambda m: time(m // 60, m % 60))
people = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=5, unique=True).map(tuple)
plans = st.builds(
    Plan, zone=zones, weekday=st.integers(0, 6), at=minutes, participants=people, weeks=st.integers(1, 3)
)
durations = st.integers(1, 60 * 24 * 10).map(lambda minutes: timedelta(minutes=minutes))
