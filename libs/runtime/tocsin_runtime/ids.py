"""UUIDv7 (RFC 9562): ids that sort by the millisecond in which they were made."""

import os
import time
from datetime import UTC, date, datetime
from uuid import UUID


def new_id() -> UUID:
    """A fresh UUIDv7. Ids of one millisecond have no order among themselves."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def made_on(identifier: UUID) -> date:
    """The UTC day in which a UUIDv7 was made; 1970-01-01 for an id of another kind."""
    if identifier.version != 7:
        return date(1970, 1, 1)
    seconds = (identifier.int >> 80) / 1000
    if seconds > 253_402_300_799:
        return date(1970, 1, 1)
    return datetime.fromtimestamp(seconds, UTC).date()
