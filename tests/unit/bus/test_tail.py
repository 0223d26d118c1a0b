"""What a process has published need not be read again, and nothing is ever left out of it."""

from datetime import UTC, datetime
from uuid import UUID

from tocsin_bus.protocol import Partition
from tocsin_bus.tail import LENGTH, Tail
from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope

HERE = Partition(Topic.ALERTS, 0)


def told(count: int) -> list[Envelope]:
    at = datetime(2026, 11, 28, tzinfo=UTC)
    return [
        Envelope(UUID(int=n), "t", "/tocsin/x", Topic.ALERTS, UUID(int=1), at, b"{}", UUID(int=2))
        for n in range(count)
    ]


def offsets(tail: Tail, start: int, *, limit: int = 1000) -> list[int]:
    return [record.offset for record in tail.after(HERE, start, limit=limit)]


def test_it_goes_on_where_it_ended() -> None:
    tail = Tail()
    tail.extend(HERE, 5, told(2))
    tail.extend(HERE, 7, told(1))
    assert offsets(tail, 5) == [5, 6, 7]
    assert offsets(tail, 6, limit=1) == [6]
    assert offsets(tail, 8) == []


def test_who_is_further_behind_gets_nothing_from_it() -> None:
    tail = Tail()
    assert offsets(tail, 0) == []
    tail.extend(HERE, 5, told(2))
    assert offsets(tail, 4) == []


def test_after_a_gap_it_begins_anew() -> None:
    tail = Tail()
    tail.extend(HERE, 0, told(2))
    tail.extend(HERE, 3, told(1))  # another process has written 2
    assert offsets(tail, 0) == []
    assert offsets(tail, 3) == [3]


def test_what_is_told_late_makes_no_disorder() -> None:
    tail = Tail()
    tail.extend(HERE, 0, told(1))
    tail.extend(HERE, 2, told(1))
    tail.extend(HERE, 1, told(1))
    assert offsets(tail, 1) == []
    tail.extend(HERE, 3, told(1))
    assert offsets(tail, 2) == [2, 3]


def test_it_is_bounded() -> None:
    tail = Tail()
    tail.extend(HERE, 0, told(LENGTH + 10))
    assert offsets(tail, 9) == []
    assert offsets(tail, 10)[0] == 10
