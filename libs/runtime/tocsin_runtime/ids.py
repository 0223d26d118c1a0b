"""UUIDv7 (RFC 9562): ids that sort by when they were made."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from struct import iter_unpack
from uuid import UUID

_AT_ONCE = 256


class _Noise:
    """Random bits of the system, fetched for many ids at once: two system calls cost more than all else of an id.

    Safe among threads, for one step of the iterator hands each out once; a forked process fetches its own.
    """

    def __init__(self) -> None:
        self._pool: Iterator[tuple[bytes]] = iter(())
        os.register_at_fork(after_in_child=self._forget)

    def bits(self) -> int:
        """72 bits that nobody had before."""
        drawn = next(self._pool, None)
        while drawn is None:
            self._pool = iter_unpack("9s", os.urandom(9 * _AT_ONCE))
            drawn = next(self._pool, None)
        return int.from_bytes(drawn[0], "big")

    def _forget(self) -> None:
        self._pool = iter(())


class _Counter:
    """The 12 bits after the millisecond count up within it, so that ids of one process sort as they were made."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, first: int) -> int:
        """48 bits of milliseconds and 12 of the count, always greater than the one before.

        `first` is where the count begins in a new millisecond.
        """
        fresh = (time.time_ns() // 1_000_000) << 12 | first
        self._last = max(fresh, self._last + 1)
        return self._last


_noise = _Noise()
_counter = _Counter()


def new_id() -> UUID:
    """A fresh UUIDv7, greater than any that this process made before."""
    noise = _noise.bits()
    count = _counter.next(noise & 0xFF)
    value = count >> 12 << 80 | 0x7 << 76 | (count & 0xFFF) << 64
    return UUID(int=value | 0x2 << 62 | noise >> 10)


def made_on(identifier: UUID) -> date:
    """The UTC day in which a UUIDv7 was made; 1970-01-01 for an id of another kind."""
    if identifier.version != 7:
        return date(1970, 1, 1)
    seconds = (identifier.int >> 80) / 1000
    if seconds > 253_402_300_799:
        return date(1970, 1, 1)
    return datetime.fromtimestamp(seconds, UTC).date()
