"""UUIDv7 (RFC 9562): ids that sort by when they were made."""

import os
import time
from datetime import UTC, date, datetime
from uuid import UUID


class _Counter:
    """The 12 bits after the millisecond count up within it, so that ids of one process sort as they were made."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """48 bits of milliseconds and 12 of the count, always greater than the one before."""
        fresh = (time.time_ns() // 1_000_000) << 12 | int.from_bytes(os.urandom(1), "big")
        self._last = max(fresh, self._last + 1)
        return self._last


_counter = _Counter()


def new_id() -> UUID:
    """A fresh UUIDv7, greater than any that this process made before."""
    count = _counter.next()
    value = count >> 12 << 80 | 0x7 << 76 | (count & 0xFFF) << 64
    return UUID(int=value | 0x2 << 62 | int.from_bytes(os.urandom(8), "big") >> 2)


def made_on(identifier: UUID) -> date:
    """The UTC day in which a UUIDv7 was made; 1970-01-01 for an id of another kind."""
    if identifier.version != 7:
        return date(1970, 1, 1)
    seconds = (identifier.int >> 80) / 1000
    if seconds > 253_402_300_799:
        return date(1970, 1, 1)
    return datetime.fromtimestamp(seconds, UTC).date()
