"""Where the spans of an on-call timeline lie, in per cent of its width: a template draws it without styles."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zlib import crc32

from tocsin_theme.moments import zone_of

HUES = 8


@dataclass(frozen=True)
class Span:
    """One stretch of a lane. `kind` is shift, override, gap or holiday; a gap needs no person."""

    start: datetime
    end: datetime
    person: str = ""
    kind: str = "shift"
    href: str = ""


@dataclass(frozen=True)
class Lane:
    """One rotation, top to bottom; `note` stands under its name."""

    name: str
    spans: Sequence[Span]
    note: str = ""


@dataclass(frozen=True)
class Placed:
    """A span and its place: `x` and `width` in per cent, `hue` 0 to 7, the same for a person everywhere."""

    span: Span
    x: float
    width: float
    hue: int


@dataclass(frozen=True)
class Tick:
    """The beginning of a day in the timeline's zone."""

    x: float
    label: str
    weekend: bool
    width: float


@dataclass(frozen=True)
class Layout:
    """All that a template needs to draw the lanes; `now` is None when the moment is outside."""

    lanes: tuple[tuple[Lane, tuple[Placed, ...]], ...]
    ticks: tuple[Tick, ...]
    now: float | None


def laid_out(
    lanes: Sequence[Lane], start: datetime, end: datetime, now: datetime, zone: str = "UTC"
) -> Layout:
    """Place every span that touches [start, end); what reaches beyond is cut there. All times are aware."""
    colours = hues(span.person for lane in lanes for span in lane.spans)
    placed = tuple((lane, tuple(_placed(lane.spans, start, end, colours))) for lane in lanes)
    here = _per_cent(now, start, end) if start <= now < end else None
    return Layout(placed, tuple(_ticks(start, end, zone_of(zone))), here)


def hues(people: Iterable[str]) -> dict[str, int]:
    """A colour class for each person: the same wherever the same people meet, shared only above eight."""
    taken: dict[str, int] = {}
    for person in sorted(set(people)):
        wish = crc32(person.encode()) % HUES
        free = [(wish + step) % HUES for step in range(HUES) if (wish + step) % HUES not in taken.values()]
        taken[person] = free[0] if free else wish
    return taken


def _placed(
    spans: Sequence[Span], start: datetime, end: datetime, colours: Mapping[str, int]
) -> Iterator[Placed]:
    for span in spans:
        if span.end <= start or span.start >= end:
            continue
        x = _per_cent(max(span.start, start), start, end)
        yield Placed(span, x, round(_per_cent(min(span.end, end), start, end) - x, 3), colours[span.person])


def _ticks(start: datetime, end: datetime, zone: tzinfo) -> Iterator[Tick]:
    day = start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    while (begin := day.astimezone(UTC)) < end:
        following = (day + timedelta(days=1)).replace(hour=0)  # wall clock: a day may last 23 or 25 hours
        left, right = max(begin, start), min(following.astimezone(UTC), end)
        if left < right:
            x = _per_cent(left, start, end)
            width = round(_per_cent(right, start, end) - x, 3)
            yield Tick(x, f"{day:%a} {day.day}", weekend=day.weekday() >= 5, width=width)
        day = following


def _per_cent(moment: datetime, start: datetime, end: datetime) -> float:
    return round(100 * ((moment - start) / (end - start)), 3)
