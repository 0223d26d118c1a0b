"""Group commit: what arrives while a write is under way goes into the next one."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tocsin_detector.domain.delivery import STORED, Delivery, Outcome
from tocsin_detector.domain.health import Verdict
from tocsin_detector.domain.integration import Road
from tocsin_detector.store.intake import DatabaseAway
from tocsin_detector.usecases.group_commit import Capacity, GroupCommit, TooMuchWaiting
from tocsin_testkit.waiting import eventually


def delivery(number: int, size: int = 10) -> Delivery:
    return Delivery(
        id=UUID(int=number),
        integration_id=UUID(int=1),
        lane=number % 8,
        received_at=datetime(2026, 11, 24, tzinfo=UTC),
        road=Road.GENERIC,
        verdict=Verdict.ACCEPTED,
        body=b"x" * size,
        signals=b"[]",
    )


class Disk:
    """Stands where the database is; a write takes until it is released."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.again: list[bool] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()
        self.error: Exception | None = None

    async def write(self, deliveries: Sequence[Delivery], *, again: bool) -> list[Outcome]:
        self.batches.append([d.id.int for d in deliveries])
        self.again.append(again)
        self.begun.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return [STORED] * len(deliveries)


async def test_one_alone_is_written_at_once() -> None:
    disk = Disk()

    assert await GroupCommit(disk.write).put(delivery(1)) is STORED
    assert disk.batches == [[1]]


async def test_arrivals_during_a_write_share_the_next_one() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write)
    disk.gate.clear()
    first = asyncio.create_task(commit.put(delivery(1)))
    await disk.begun.wait()
    rest = [asyncio.create_task(commit.put(delivery(number))) for number in range(2, 7)]
    await eventually(lambda: commit.waiting == 5, within=5, every=0)
    disk.gate.set()

    await asyncio.gather(first, *rest)

    assert disk.batches == [[1], [2, 3, 4, 5, 6]]


async def test_a_write_takes_no_more_than_its_batch() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write, capacity=Capacity(batch=2))

    await asyncio.gather(*(commit.put(delivery(number)) for number in range(5)))

    assert [len(batch) for batch in disk.batches] == [2, 2, 1]


async def test_lanes_with_something_to_do_are_told_after_the_commit() -> None:
    disk = Disk()
    told: list[set[int]] = []
    commit = GroupCommit(disk.write, on_commit=told.append)

    await asyncio.gather(commit.put(delivery(1)), commit.put(delivery(2)))

    assert told == [{1, 2}]


async def test_a_full_queue_refuses_and_recovers() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write, capacity=Capacity(waiting=2))
    disk.gate.clear()
    waiting = [asyncio.create_task(commit.put(delivery(1)))]
    await disk.begun.wait()
    waiting += [asyncio.create_task(commit.put(delivery(number))) for number in (2, 3)]
    await eventually(lambda: commit.waiting == 2, within=5, every=0)

    with pytest.raises(TooMuchWaiting):
        await commit.put(delivery(4))
    disk.gate.set()
    await asyncio.gather(*waiting)

    assert await commit.put(delivery(5)) is STORED


async def test_bytes_count_too() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write, capacity=Capacity(waiting_bytes=100))

    with pytest.raises(TooMuchWaiting):
        await commit.put(delivery(1, size=200))


async def test_a_database_that_is_away_is_asked_again_and_the_batch_is_not_doubled() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write)
    disk.error = DatabaseAway("restarting")
    put = asyncio.create_task(commit.put(delivery(1)))
    await eventually(lambda: len(disk.batches) > 1, within=5)
    disk.error = None

    assert await put is STORED
    assert disk.again[:2] == [False, True]


async def test_after_two_seconds_without_a_database_senders_are_told() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write)
    disk.error = DatabaseAway("gone")

    with pytest.raises(DatabaseAway):
        await commit.put(delivery(1))
    with pytest.raises(DatabaseAway):
        await commit.put(delivery(2))

    assert all(batch == [1] for batch in disk.batches), "while it is away nobody waits for it in vain"


async def test_an_unexpected_error_leaves_nobody_waiting() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write)
    disk.error = RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        await commit.put(delivery(1))
    disk.error = None

    assert await commit.put(delivery(2)) is STORED


async def test_who_is_handed_over_hears_once_what_became_of_it() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write)
    heard: list[tuple[int, object]] = []
    for number in (1, 2):
        commit.hand(delivery(number), lambda outcome, number=number: heard.append((number, outcome)))  # type: ignore[misc]
    assert heard == [], "nothing is written yet"

    await eventually(lambda: heard == [(1, STORED), (2, STORED)], within=5)
    disk.error = ValueError("broken")
    commit.hand(delivery(3), lambda outcome: heard.append((3, outcome)))

    await eventually(lambda: heard[2:] == [(3, disk.error)], within=5)
    assert disk.batches == [[1, 2], [3]]


async def test_one_that_cannot_be_told_does_not_keep_the_others_from_hearing() -> None:
    def deaf(outcome: object) -> None:
        raise ValueError(outcome)

    commit = GroupCommit(Disk().write)
    commit.hand(delivery(1), deaf)

    assert await commit.put(delivery(2)) is STORED
    assert await commit.put(delivery(3)) is STORED


async def test_what_is_refused_at_once_is_not_told_later() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write, capacity=Capacity(waiting_bytes=100))
    heard: list[object] = []

    with pytest.raises(TooMuchWaiting):
        commit.hand(delivery(1, size=200), heard.append)
    assert await commit.put(delivery(2)) is STORED
    assert heard == []


async def test_the_next_write_begins_before_those_of_the_last_one_are_told() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write)
    seen: list[int] = []
    disk.gate.clear()
    for number in range(100):
        commit.hand(delivery(number), lambda _: seen.append(len(disk.batches)))
    await disk.begun.wait()
    last = asyncio.create_task(commit.put(delivery(100)))
    await eventually(lambda: commit.waiting == 1, within=5, every=0)
    disk.gate.set()

    assert await last is STORED
    await eventually(lambda: seen == [2] * 100, within=5, every=0)


async def test_after_the_last_lane_of_a_large_batch_is_told_the_lanes_are_woken_once() -> None:
    told: list[set[int]] = []
    commit = GroupCommit(Disk().write, on_commit=told.append)

    await asyncio.gather(*(commit.put(delivery(number)) for number in range(100)))

    await eventually(lambda: told == [set(range(8))], within=5, every=0)
