"""What another service has just confirmed may be unknown here for a moment: its entry in the directory is on its way.

Scripts make one thing right after another, so whoever finds a reference unknown tries again before saying so.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from tocsin_bus.protocol import BusUnavailable
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_chassis.directory_copy import DirectoryCopy
from tocsin_chassis.requests import get_service, open_unit_of_work

T = TypeVar("T")
PATIENCE = 2.0
"""Seconds at most. A gathering service needs 0.2, Kafka's kept-back answers up to one more."""
SENT_WITHIN = 0.2
"""Seconds in which what was confirmed has left its own service. Who holds all that had been told by then knows what
there is, so that a mistake is said as soon as that."""
PAUSE = 0.05


async def once_told(
    attempt: Callable[[], Awaitable[T]], unknown: type[Exception], *, copy: DirectoryCopy
) -> T:
    """What `attempt` returns. While it raises `unknown` it is made again, until the copy of the directory must know.

    It opens and closes what it needs itself, so that nothing is held while this waits.
    """
    clock = asyncio.get_running_loop()
    began = clock.time()
    while True:
        waited = clock.time() - began
        last = waited >= PATIENCE or (waited >= SENT_WITHIN and await _is_whole(copy))
        try:
            return await attempt()
        except unknown:
            if last:
                raise
        await asyncio.sleep(PAUSE)


async def _is_whole(copy: DirectoryCopy) -> bool:
    try:
        return await copy.behind() == 0
    except BusUnavailable:
        return False  # nobody can say: what is on its way may come


class Units:
    """Units of work of a request whose body may name what is not told here yet."""

    def __init__(self, request: Request) -> None:
        self._request = request

    async def once_told(self, work: Callable[[UnitOfWork], Awaitable[T]], unknown: type[Exception]) -> T:
        """What `work` returns, each attempt in a unit of work of its own, which has committed when this returns.

        Under an Idempotency-Key there is one attempt: the key's transaction is open, and to wait in it would keep one
        of a service's few connections from the incidents that need it. A refusal is not kept under the key: the same
        again with the same key is served.
        """
        if "idempotency-key" in self._request.headers and self._request.method == "POST":
            return await self._attempt(work)
        copy = DirectoryCopy(get_service(self._request))
        return await once_told(lambda: self._attempt(work), unknown, copy=copy)

    async def _attempt(self, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        async with _unit(self._request) as uow:
            return await work(uow)


_unit = asynccontextmanager(open_unit_of_work)
RequestUnits = Annotated[Units, Depends(Units)]
