"""Time zones are those of the pinned `tzdata` package, not of whatever host this runs on (R35, decision 18)."""

import zoneinfo
from importlib.metadata import version

PACKAGE = "tzdata"


def pin_time_zones() -> str:
    """Look no further than the package, and return its version. For entry points, before any zone is read."""
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
    return version(PACKAGE)
