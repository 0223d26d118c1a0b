"""The ninety-day bars of the status page as a few short SVG paths, so that a page with many components stays small."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from tocsin_theme.filters import duration

STATES = (
    "operational",
    "degraded_performance",
    "partial_outage",
    "major_outage",
    "under_maintenance",
    "unknown",
)
QUIET = ("operational", "unknown")
_STEP = 4


@dataclass(frozen=True)
class Day:
    """The worst state of one day, and how long the component was down on it."""

    date: date
    state: str = "operational"
    downtime: timedelta = timedelta(0)


@dataclass(frozen=True)
class Mark:
    """A day worth pointing at: where it stands and what to say."""

    x: int
    title: str


@dataclass(frozen=True)
class Bars:
    """The drawing: width in user units, one path per state, and a mark for each day that was not plainly fine."""

    width: int
    paths: tuple[tuple[str, str], ...]
    marks: tuple[Mark, ...]


def bars(days: Sequence[Day]) -> Bars:
    """Draw days from the oldest to the newest. A state outside STATES is drawn as unknown."""
    places: dict[str, list[int]] = {}
    for number, day in enumerate(days):
        places.setdefault(_state(day), []).append(number * _STEP)
    paths = tuple((state, _path(places[state])) for state in STATES if state in places)
    marks = tuple(
        Mark(number * _STEP, _title(day)) for number, day in enumerate(days) if _state(day) not in QUIET
    )
    return Bars(max(_STEP, len(days) * _STEP - 1), paths, marks)


def _state(day: Day) -> str:
    return day.state if day.state in STATES else "unknown"


def _path(xs: Sequence[int]) -> str:
    """Upright strokes, three units wide, each told from the one before it: the shortest way to say it."""
    steps = "".join(f"m{after - before}-32v32" for before, after in pairwise(xs))
    return f"M{xs[0] + 1.5} 0v32{steps}"


def _title(day: Day) -> str:
    said = day.state.replace("_", " ")
    down = f", {duration(day.downtime)}" if day.downtime else ""
    return f"{day.date.day} {day.date:%b}: {said}{down}"
