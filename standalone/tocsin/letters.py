"""The dead letters of each service's schema, for a command line that waits for the answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

from tocsin.local_database import local_settings
from tocsin_bus.dead_letters import DeadLetterEntry, find_dead_letters, replay_dead_letters
from tocsin_runtime.database import Database
from tocsin_runtime.schemas import role_of

T = TypeVar("T")


def find(
    service: str, *, ids: Sequence[UUID] | None = None, kind: str | None = None, since: datetime | None = None
) -> list[DeadLetterEntry]:
    """Those of one service that match all that is given, oldest first."""
    return _with_database(service, partial(find_dead_letters, ids=ids, kind=kind, since=since))


def replay(service: str, ids: Sequence[UUID]) -> int:
    """Let the service try these again now; returns how many there were."""
    return _with_database(service, partial(replay_dead_letters, ids=ids, service=service))


def _with_database(service: str, use: Callable[[Database], Awaitable[T]]) -> T:
    settings = local_settings()

    async def run() -> T:
        role = None if settings.has_own_login(service) else role_of(service)
        database = Database(settings.database_for(service), schema=service, role=role, pool_size=1)
        try:
            return await use(database)
        finally:
            await database.close()

    return asyncio.run(run())
