"""How each component did day by day, from the periods in which it showed each state."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from tocsin_comms.domain.states import ComponentState, worst

WEIGHTS = {ComponentState.PARTIAL_OUTAGE: 0.3, ComponentState.MAJOR_OUTAGE: 1.0}
"""How much of a state counts as down. A partial outage counts 30 %, as Statuspage counts it."""
SHORTEST_RECORD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """A component showed `state` from `began_at` until `ended_at`, which is null while it still does.

    Aware UTC.
    """

    state: ComponentState
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """The worst state of one day in the page's zone; null when there is no record of it.

    `down` is time in any outage.
    """

    date: date
    state: ComponentState | None = None
    down: timedelta = timedelta()


def daily(periods: Sequence[Period], now: datetime, *, zone: tzinfo, days: int = 90) -> tuple[Day, ...]:
    """The last `days` days, oldest first, the last being today so far.

    A day is as long as it is in that zone.
    """
    today = now.astimezone(zone).date()
    dates = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    midnights = [_midnight(day, zone) for day in dates]
    found = [Day(day) for day in dates]
    for period in periods:
        number = max(0, bisect_right(midnights, period.began_at) - 1)
        while number < days and (period.ended_at is None or midnights[number] < period.ended_at):
            end = midnights[number + 1] if number + 1 < days else now
            found[number] = _with(found[number], period, time_in=_overlap(period, midnights[number], end))
            number += 1
    return tuple(found)


def share_up(periods: Sequence[Period], now: datetime, *, days: int = 90) -> float | None:
    """The share of recorded time, from 0 to 1, in which the component was up.

    Null with less than a day on record: of a few minutes, a share says nothing.
    """
    start = now - timedelta(days=days)
    recorded = sum((_overlap(period, start, now) for period in periods), timedelta())
    if recorded < SHORTEST_RECORD:
        return None
    down = sum(
        (_overlap(period, start, now) * WEIGHTS.get(period.state, 0.0) for period in periods), timedelta()
    )
    return 1 - down / recorded


def _with(day: Day, period: Period, *, time_in: timedelta) -> Day:
    if not time_in:
        return day
    state = worst((period.state, day.state or period.state))
    return replace(day, state=state, down=day.down + (time_in if period.state in WEIGHTS else timedelta()))


def _midnight(day: date, zone: tzinfo) -> datetime:
    """In UTC: times of one zone are subtracted as if its clock were never put forward or back."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _overlap(period: Period, start: datetime, end: datetime) -> timedelta:
    begins, ends = max(period.began_at, start), min(period.ended_at or end, end)
    return max(ends - begins, timedelta())
