"""The page `/_/components`: every component in every state, to look at and to test against."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from tocsin_theme.lanes import Lane, Span
from tocsin_theme.theme import Theme, Viewer
from tocsin_theme.uptime import Day
from tocsin_theme.words import WORDS

PATH = "/_/components"
NOW = datetime.fromisoformat("2026-11-24T03:12:00+00:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def components_page(theme: Theme, viewer: Viewer | None) -> str:
    """The HTML of the page, the same at any time, so that a picture of it can be compared."""
    start = NOW.replace(hour=0, minute=0)
    return theme.render(
        "components.html",
        path=PATH,
        viewer=viewer,
        now=NOW,
        known=WORDS,
        minute=timedelta(minutes=1),
        hour=HOUR,
        lanes=sample_lanes(start),
        start=start,
        end=start + 7 * DAY,
        days=sample_days(),
        params={"status": ["firing"], "q": "disk"},
    )


def sample_lanes(start: datetime) -> list[Lane]:
    """A week with shifts, an override, a holiday and a gap."""
    primary = [
        Span(start - DAY, start + 2 * DAY + 9 * HOUR, "Ana Ruiz", href="#shift-1"),
        Span(start + 2 * DAY + 9 * HOUR, start + 3 * DAY, "Bo Lind", kind="override", href="#shift-2"),
        Span(start + 3 * DAY, start + 5 * DAY, "Chidi Okafor"),
        Span(start + 5 * DAY, start + 5 * DAY + 14 * HOUR, kind="gap"),
        Span(start + 5 * DAY + 14 * HOUR, start + 8 * DAY, "Ana Ruiz"),
    ]
    secondary = [
        Span(start - DAY, start + 4 * DAY, "Bo Lind"),
        Span(start + 4 * DAY, start + 5 * DAY, kind="holiday"),
        Span(start + 5 * DAY, start + 9 * DAY, "Dana Weiss"),
    ]
    return [Lane("Primary", primary, note="weekly, Mon 09:00"), Lane("Secondary", secondary, note="weekly")]


def sample_days() -> list[Day]:
    """Ninety days with one of each state."""
    special = {
        7: Day(date.min, "unknown"),
        31: Day(date.min, "degraded_performance", 12 * timedelta(minutes=1)),
        52: Day(date.min, "under_maintenance"),
        70: Day(date.min, "partial_outage", 64 * timedelta(minutes=1)),
        71: Day(date.min, "major_outage", 3 * HOUR),
    }
    days = [special.get(number, Day(date.min)) for number in range(90)]
    return [replace(day, date=NOW.date() - timedelta(days=89 - number)) for number, day in enumerate(days)]
