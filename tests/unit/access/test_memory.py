"""The short memory: few look-ups, never a stale answer for long, and no error that sticks."""

from asyncio import CancelledError, Event, create_task, gather, sleep

import pytest

from tocsin_access.memory import ShortMemory


class Source:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.open = Event()

    async def __call__(self) -> int:
        self.asked += 1
        await self.open.wait()
        return self.asked


async def test_callers_at_the_same_time_share_one_look_up() -> None:
    memory, source = ShortMemory[str, int](2.0), Source()
    waiting = [create_task(memory.get("a", source)) for _ in range(50)]
    await sleep(0)
    source.open.set()
    assert await gather(*waiting) == [1] * 50
    assert source.asked == 1


async def test_an_answer_holds_until_its_time_is_over() -> None:
    moment = 0.0
    memory, source = ShortMemory[str, int](2.0, clock=lambda: moment), Source()
    source.open.set()
    assert [await memory.get("a", source), await memory.get("a", source)] == [1, 1]
    moment = 2.0
    assert await memory.get("a", source) == 2
    memory.forget()
    assert await memory.get("a", source) == 3


async def test_one_caller_that_hangs_up_does_not_take_the_answer_from_the_others() -> None:
    memory, source = ShortMemory[str, int](2.0), Source()
    first, second = create_task(memory.get("a", source)), create_task(memory.get("a", source))
    await sleep(0)
    first.cancel()
    with pytest.raises(CancelledError):
        await first
    source.open.set()
    assert await second == 1


async def test_a_failed_look_up_is_not_remembered() -> None:
    memory, source = ShortMemory[str, int](2.0), Source()
    source.open.set()

    async def fails() -> int:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        await memory.get("a", fails)
    assert await memory.get("a", source) == 1


async def test_it_does_not_grow_without_end() -> None:
    memory, source = ShortMemory[int, int](2.0, size=10), Source()
    source.open.set()
    for key in range(100):
        await memory.get(key, source)
    assert len(memory) <= 10


async def test_that_nothing_was_found_is_soon_forgotten() -> None:
    moment = 0.0
    memory = ShortMemory[str, int | None](2.0, none_seconds=0.2, clock=lambda: moment)
    asked = 0

    async def nothing() -> None:
        nonlocal asked
        asked += 1

    assert await memory.get("a", nothing) is None
    moment = 0.1
    assert await memory.get("a", nothing) is None
    assert asked == 1
    moment = 0.2
    assert await memory.get("a", nothing) is None
    assert asked == 2
