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
