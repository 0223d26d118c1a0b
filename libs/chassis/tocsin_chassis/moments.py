"""Times in requests: aware, and within the years for which a calendar makes sense."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _sensible(value: datetime) -> datetime:
    if not EARLIEST <= value <= LATEST:
        raise ValueError("a time between the years 2000 and 2200")
    return value.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_sensible)]
"""An RFC 3339 time with its offset; UTC once read."""
