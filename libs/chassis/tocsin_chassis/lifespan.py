"""Starts what a service runs, keeps it running, and stops it in the order of R33."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from tocsin_bus.consumer import ConsumerRunner
from tocsin_chassis.lag import watch_loop
from tocsin_chassis.upkeep import Upkeep
from tocsin_chassis.watch import watch_progress

if TYPE_CHECKING:
    from tocsin_chassis.service import Service

log = structlog.get_logger("tocsin.service")
LAST_WORK = 10.0
"""Seconds that sendings under way have to finish; what is left is recovered by its lease."""
Callback = Callable[[], Awaitable[None]]


def lifespan_of(
    service: "Service", *, start: Sequence[Callback], stop: Sequence[Callback]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """The lifespan of the service's app."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await _make_room(service)
        for callback in start:
            await callback()
        service.listener.start()
        running = Running(service)
        running.start()
        log.info("service.started", service=service.name)
        try:
            yield
        finally:
            service.health.draining = True
            service.live.close()
            await running.stop()
            for callback in stop:
                await callback()
            await service.listener.stop()
            await service.client.aclose()
            await service.database.close()
            log.info("service.stopped", service=service.name)

    return lifespan


async def _make_room(service: "Service") -> None:
    """Today's partitions come before the first row. With the database away, the default partition takes it."""
    try:
        await Upkeep(service).run_once()
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning("service.starts_without_database", service=service.name, error=repr(error)[:300])


class Running:
    """The tasks of one started service."""

    def __init__(self, service: "Service") -> None:
        self._service = service
        self._consumer: asyncio.Task[None] | None = None
        self._workers: list[asyncio.Task[None]] = []
        self._others: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start everything in the background."""
        service = self._service
        service.rebuild_consumer = self.rebuild_consumer
        self._others.append(_keep("leases", service.relay.keeper.run))
        for worker in service.wakeups.workers.values():
            self._workers.append(_keep(worker.name, worker.run))
        self.rebuild_consumer()
        self._others.append(_keep("watch", lambda: watch_progress(service)))
        self._others.append(_keep("loop lag", lambda: watch_loop(service)))

    def rebuild_consumer(self) -> None:
        """Start the consumer anew; an old one that hangs is dropped."""
        runner = self._service.runner
        if runner is None:
            raise RuntimeError("the service is not built")
        if self._consumer is not None:
            self._consumer.cancel()
        self._consumer = _keep("consumer", lambda: self._consume(runner))

    async def _consume(self, runner: ConsumerRunner) -> None:
        await self._service.health.until_migrated()
        await runner.run()

    async def stop(self) -> None:
        """Finish the turns under way, sendings among them, then store positions and leave the group."""
        for worker in self._service.wakeups.workers.values():
            worker.stop()
        if self._service.runner is not None:
            self._service.runner.stop()
        consumer = [self._consumer] if self._consumer else []
        await _end([*self._workers, *consumer], within=LAST_WORK)
        await _end(self._others, within=0)
        try:
            async with asyncio.timeout(5):
                await self._service.relay.close()
        except Exception as error:  # noqa: BLE001 - the leases lapse by themselves
            log.warning("relay.left_unsaid", service=self._service.name, error=repr(error)[:200])


def _keep(name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
    return asyncio.create_task(_until_done(name, run), name=name)


async def _until_done(name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it again when it dies; return when it ends by itself, as it does once it is told to stop."""
    pause = 0.5
    while True:
        try:
            return await run()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("task.died", task=name)
        await asyncio.sleep(pause)
        pause = min(10.0, pause * 2)


async def _end(tasks: Sequence[asyncio.Task[None]], *, within: float) -> None:
    """Let them end by themselves for a while, then cancel what is left and wait until it is gone."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=within) if within else (set(), set(tasks))
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=3)
