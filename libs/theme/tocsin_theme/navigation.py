"""The rail as data: the parts of Tocsin that have pages, and which one a path belongs to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Destination:
    """A part of the product: its word, its first page, its icon, and other paths that lie in it."""

    label: str
    path: str
    icon: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class RailItem:
    """A destination as one page shows it."""

    label: str
    path: str
    icon: str
    active: bool


RAIL = (
    Destination("Incidents", "/incidents", "siren", also=("/postmortems",)),
    Destination("Alerts", "/alerts", "bell-ring", also=("/monitors",)),
    Destination("On-call", "/on-call", "calendar-clock", also=("/escalation-policies",)),
    Destination("Services", "/services", "boxes", also=("/runbooks",)),
    Destination("Status", "/comms", "radio"),
    Destination("Analytics", "/analytics", "chart-line", also=("/reports",)),
    Destination("Settings", "/settings", "settings", also=("/people", "/setup")),
)
"""Only what is built is listed."""


def navigation(path: str) -> tuple[RailItem, ...]:
    """The rail for a page at this path; at most one item is active."""
    return tuple(RailItem(place.label, place.path, place.icon, active=_holds(place, path)) for place in RAIL)


def _holds(place: Destination, path: str) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in (place.path, *place.also))
