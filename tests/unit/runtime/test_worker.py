"""A worker that has little to do is not away for long when it failed."""

import asyncio

from tocsin_runtime.worker import Worker
from tocsin_testkit.waiting import eventually


async def test_a_turn_that_failed_is_tried_again_soon_however_seldom_the_worker_looks() -> None:
    turns = 0

    async def fail_once() -> int:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise OSError("the database is away for a moment")
        return 0

    worker = Worker("seldom", fail_once, every=60)
    running = asyncio.create_task(worker.run())
    await eventually(lambda: turns == 2, within=3)
    worker.stop()
    await running


async def test_one_that_rests_after_failures_ends_when_it_is_told_to() -> None:
    failures = 0

    async def fail() -> int:
        nonlocal failures
        failures += 1
        raise OSError("the database is away")

    worker = Worker("failing", fail)
    running = asyncio.create_task(worker.run())
    await eventually(lambda: failures == 3, within=10)  # now it rests for four seconds
    worker.stop()
    await asyncio.wait_for(running, 1)
