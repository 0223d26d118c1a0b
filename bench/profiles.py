"""How long and how often to measure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """Sizes of one run. Times are seconds."""

    name: str
    rounds: int
    cell_seconds: float
    """Of each accept cell, for systems whose work does not pile up."""
    backlog: int
    """Alerts in a cell for systems that process them too: what piles up has to be drained before the next cell."""
    through: int
    through_incidents: int
    page_seconds: float
    storm_probe_seconds: float
    idle_seconds: float
    open_alerts: int
    """How many open alerts the growth row fills up to."""


QUICK = Profile(
    "quick",
    rounds=1,
    cell_seconds=4.0,
    backlog=4_000,
    through=5_000,
    through_incidents=500,
    page_seconds=10.0,
    storm_probe_seconds=10.0,
    idle_seconds=10.0,
    open_alerts=10_000,
)
FULL = Profile(
    "full",
    rounds=3,
    cell_seconds=4.0,
    backlog=10_000,
    through=20_000,
    through_incidents=2_000,
    page_seconds=30.0,
    storm_probe_seconds=20.0,
    idle_seconds=30.0,
    open_alerts=100_000,
)
