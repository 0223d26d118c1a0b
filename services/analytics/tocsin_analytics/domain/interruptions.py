"""Whom Tocsin interrupted, and when: at work, off work or asleep, in the person's own zone (PagerDuty's
bands).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

_SATURDAY = 5
_WORK, _SLEEP = range(8, 18), frozenset({22, 23, *range(8)})


class Band(StrEnum):
    """Work is 8 to 18 from Monday to Friday, sleep 22 to 8 every day, off all other hours."""

    WORK = "work"
    OFF = "off"
    SLEEP = "sleep"


@dataclass(frozen=True, slots=True)
class PageRow:
    """A page that a provider took.

    One step of an escalation interrupts a person once, by however many channels.
    """

    incident_id: UUID
    user_id: UUID
    user: str
    step: int
    round: int
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Interruptions:
    """What one person was woken or disturbed by."""

    user_id: UUID
    user: str
    zone: str
    n: int
    bands: dict[Band, int]


def band(at: datetime, zone: ZoneInfo) -> Band:
    """Which part of that person's week a moment falls into."""
    local = at.astimezone(zone)
    if local.hour in _SLEEP:
        return Band.SLEEP
    return Band.WORK if local.weekday() < _SATURDAY and local.hour in _WORK else Band.OFF


def interruptions(pages: Iterable[PageRow], zones: Mapping[UUID, ZoneInfo]) -> list[Interruptions]:
    """Interruptions per person, the most disturbed first. A person without a known zone counts in UTC."""
    first: dict[tuple[UUID, UUID, int, int], PageRow] = {}
    for page in sorted(pages, key=lambda page: page.sent_at):
        first.setdefault((page.user_id, page.incident_id, page.round, page.step), page)
    names: dict[UUID, str] = {}
    counted: dict[UUID, Counter[Band]] = {}
    for page in first.values():
        names[page.user_id] = page.user  # the name that was told last
        counted.setdefault(page.user_id, Counter())[band(page.sent_at, zones.get(page.user_id, _UTC))] += 1
    rows = [
        Interruptions(
            user, names[user], str(zones.get(user, _UTC)), bands.total(), {each: bands[each] for each in Band}
        )
        for user, bands in counted.items()
    ]
    return sorted(rows, key=order)


def order(row: Interruptions) -> tuple[int, int, str, str]:
    """By what rows are sorted: whoever was woken most comes first. No two rows share it."""
    return -row.bands[Band.SLEEP], -row.n, row.user, str(row.user_id)


_UTC = ZoneInfo("UTC")
