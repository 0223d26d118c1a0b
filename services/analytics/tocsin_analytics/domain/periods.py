"""Spans of time that figures are asked for, and the days, weeks and months they fall into.

A period is half open: its start belongs to it, its end does not. Calendar days are the reader's: they need a
zone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

LONGEST = timedelta(days=1100)
_DAYS_PER_WEEK = 7
_FIRST_YEAR, _LAST_YEAR = 1980, 9000


class InvalidPeriod(ValueError):
    """The period cannot be used"""

    def __init__(self, detail: str, *, pointer: str) -> None:
        """`pointer` is the parameter that is wrong: from, to or days."""
        super().__init__(detail)
        self.pointer = pointer


class UnknownZone(ValueError):
    """No such time zone"""

    pointer = "tz"


class Step(StrEnum):
    """How finely a series is cut."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` until just before `end`, aware UTC.

    Raises InvalidPeriod when empty or longer than three years.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.year < _FIRST_YEAR or self.end.year > _LAST_YEAR:
            wrong = "from" if self.start.year < _FIRST_YEAR else "to"
            detail = f"The period must lie between the years {_FIRST_YEAR} and {_LAST_YEAR}."
            raise InvalidPeriod(detail, pointer=wrong)
        if self.end <= self.start:
            detail = "The period ends before it begins: 'to' must be later than 'from'."
            raise InvalidPeriod(detail, pointer="to")
        if self.end - self.start > LONGEST:
            detail = f"The period is longer than {LONGEST.days} days. Ask for less at a time."
            raise InvalidPeriod(detail, pointer="from")

    @property
    def length(self) -> timedelta:
        """How long it lasts."""
        return self.end - self.start

    @property
    def days(self) -> float:
        """Its length in days of 24 hours."""
        return self.length / timedelta(days=1)

    def before(self) -> "Period":
        """The period of equal length that ends where this one begins."""
        return Period(self.start - self.length, self.start)

    def holds(self, at: datetime) -> bool:
        """Whether that moment belongs to the period."""
        return self.start <= at < self.end


def zone_named(name: str) -> ZoneInfo:
    """The zone with this IANA name. Raises UnknownZone."""
    zone = known_zone(name)
    if zone is None:
        raise UnknownZone(f"No time zone is called {name!r}. Give an IANA name such as Europe/Berlin.")
    return zone


def known_zone(name: str) -> ZoneInfo | None:
    """The zone with this IANA name, or None."""
    return ZoneInfo(name) if name in _known_zones() else None


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def last_days(days: int, *, now: datetime, zone: ZoneInfo) -> Period:
    """The last so many calendar days in that zone, today included."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return whole_days(tomorrow - timedelta(days=days), tomorrow - timedelta(days=1), zone=zone)


def whole_days(first: date, last: date, *, zone: ZoneInfo) -> Period:
    """From the beginning of the first day to the end of the last, in that zone. Raises InvalidPeriod."""
    return Period(midnight(first, zone), midnight(last + timedelta(days=1), zone))


def period_between(start: str | None, end: str | None, *, days: int, now: datetime, zone: ZoneInfo) -> Period:
    """The period that somebody wrote down. Raises InvalidPeriod.

    Each end is a date in that zone, the whole of which is meant, or an RFC 3339 time. Without an end it goes on
    until today; without a start it has so many days.
    """
    latest = last_days(days, now=now, zone=zone)
    try:
        ends = _written("to", end, zone, whole_day=True) if end else latest.end
        begins = (
            _written("from", start, zone) if start else ends - timedelta(days=days) if end else latest.start
        )
    except OverflowError as error:
        wrong = "to" if end else "from"
        raise InvalidPeriod("The period reaches beyond the calendar.", pointer=wrong) from error
    return Period(begins, ends)


def _written(name: str, text: str, zone: ZoneInfo, *, whole_day: bool = False) -> datetime:
    try:
        if len(text) == len("2026-03-02"):
            return midnight(date.fromisoformat(text) + timedelta(days=whole_day), zone)
        at = datetime.fromisoformat(text)
    except ValueError as error:
        detail = (
            f"{text!r} is no time. Write a date such as 2026-03-02, or a time such as 2026-03-02T09:00:00Z."
        )
        raise InvalidPeriod(detail, pointer=name) from error
    if at.tzinfo is None:
        raise InvalidPeriod(f"{text!r} names no time zone. Add one, such as Z or +02:00.", pointer=name)
    return at.astimezone(UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When that day begins there, in UTC; where midnight does not exist, the first moment after."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def bucket(at: datetime, step: Step, *, zone: ZoneInfo) -> date:
    """The first day of the day, ISO week or month that a moment falls into."""
    return first_day(at.astimezone(zone).date(), step)


def first_day(day: date, step: Step) -> date:
    """The first day of its day, ISO week or month."""
    match step:
        case Step.DAY:
            return day
        case Step.WEEK:
            return day - timedelta(days=day.weekday())
        case Step.MONTH:
            return day.replace(day=1)


def buckets(period: Period, step: Step, *, zone: ZoneInfo) -> Iterator[date]:
    """Every bucket that the period touches, in order, so that an empty one is seen as empty."""
    day = bucket(period.start, step, zone=zone)
    last = (period.end - timedelta(microseconds=1)).astimezone(zone).date()
    while day <= last:
        yield day
        day = following(day, step)


def following(day: date, step: Step) -> date:
    """The first day of the next bucket."""
    match step:
        case Step.DAY:
            return day + timedelta(days=1)
        case Step.WEEK:
            return day + timedelta(days=_DAYS_PER_WEEK)
        case Step.MONTH:
            return (day + timedelta(days=31)).replace(day=1)
