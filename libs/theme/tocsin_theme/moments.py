"""The moment and the zone a page is rendered for, so that every filter and macro on it agrees."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True)
class Rendering:
    """When the page is made, and in which zone its reader lives."""

    now: datetime
    zone: tzinfo


_RENDERING: ContextVar[Rendering] = ContextVar("tocsin_theme_rendering")


def zone_of(name: str | None) -> tzinfo:
    """The zone with this IANA name; UTC when there is none of that name."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


@contextmanager
def rendered_at(now: datetime, zone: tzinfo) -> Iterator[None]:
    """Within it, filters see this moment and this zone."""
    token = _RENDERING.set(Rendering(now, zone))
    try:
        yield
    finally:
        _RENDERING.reset(token)


def rendering() -> Rendering:
    """What the page in hand is rendered for; LookupError outside `rendered_at`."""
    return _RENDERING.get()
