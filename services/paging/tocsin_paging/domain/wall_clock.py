"""Wall-clock time in a zone to instants, on the two odd days of the year too (reliability R35)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


def first_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which something that starts at this wall-clock time starts.

    A time that the zone skips becomes the first instant after the gap; a repeated one its first occurrence.
    """
    return _instant(local, zone=zone, fold=0)


def last_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which something that ends at this wall-clock time ends.

    A time that the zone skips becomes the first instant after the gap; a repeated one its last occurrence.
    """
    return _instant(local, zone=zone, fold=1)


def _instant(local: datetime, *, zone: ZoneInfo, fold: int) -> datetime:
    instant = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(fold=0):
        return instant
    return _end_of_gap(local, zone)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """Search between: in a gap, the old offset lands after it and the new one before it."""
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    old_offset = before.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + timedelta(seconds=(after - before) // SECOND // 2)
        if middle.astimezone(zone).utcoffset() == old_offset:
            before = middle
        else:
            after = middle
    return after
