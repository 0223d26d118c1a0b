"""Liveness is the process; readiness is that this service can keep its promises now."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tocsin_bus.protocol import BusUnavailable
from tocsin_chassis.directory_copy import DirectoryCopy
from tocsin_runtime.schemas import newest

if TYPE_CHECKING:
    from tocsin_chassis.service import Service

log = structlog.get_logger("tocsin.health")
MIGRATED_EVERY = 1.0
"""Seconds between looks whether the tables have been migrated."""


@dataclass(frozen=True)
class Check:
    """One thing looked at. A failing check that is not `needed` degrades; it does not take the service away."""

    name: str
    ok: bool
    needed: bool
    detail: str = ""


def is_ready(checks: Iterable[Check]) -> bool:
    """Whether a service of which these were found can keep its promises."""
    return all(check.ok for check in checks if check.needed)


def state_of(checks: Collection[Check]) -> str:
    """The same in one word, for /readyz: a service may be ready and yet lack something."""
    if not is_ready(checks):
        return "not ready"
    return "ready" if all(check.ok for check in checks) else "degraded"


class Health:
    """Answers /readyz. A dead bus is no reason to turn alerts away (R2), so it only degrades.

    Who has said that it is ready takes it back for its database, or to stop: with the bus away at the start,
    what is told before it is back is entries to apply, and no reason to leave.
    """

    def __init__(self, service: "Service") -> None:
        self._service = service
        self.draining = False
        self._copy = DirectoryCopy(service)
        self._been_ready = False

    async def checks(self) -> list[Check]:
        """Every check, each within two seconds."""
        database, bus = await asyncio.gather(self._database(), self._bus())
        directory = (
            await self._directory()
            if database.ok and bus.ok
            else Check("directory", True, False, "not checked")
        )
        serving = Check("serving", not self.draining, True, "draining" if self.draining else "")
        found = [serving, database, bus, directory]
        self._been_ready = self._been_ready or is_ready(found)
        return found

    async def until_migrated(self) -> None:
        """Return once the tables are those that the code knows, or the service stops.

        Until then replicas of the last release do the work.
        """
        while not self.draining:
            check = await self._database()
            if check.ok:
                return
            log.warning("service.waits", service=self._service.name, detail=check.detail)
            await asyncio.sleep(MIGRATED_EVERY)

    async def _database(self) -> Check:
        wanted = newest(self._service.package)
        try:
            async with asyncio.timeout(2), self._service.database.read() as conn:
                level = (
                    await conn.execute(text("SELECT version_num FROM schema_version"))
                ).scalar_one_or_none()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            return Check("database", False, True, repr(error)[:200])
        detail = "" if level == wanted else f"schema at {level}, code wants {wanted}: run `tocsin migrate`"
        return Check("database", level == wanted or str(level) > wanted, True, detail)

    async def _bus(self) -> Check:
        ok = await self._service.platform.bus.ready()
        return Check("bus", ok, False, "" if ok else "away; alerts are kept and pages go round it")

    async def _directory(self) -> Check:
        """The copy of the directory holds all that there was when this process started."""
        try:
            behind = await self._copy.behind()
        except BusUnavailable as error:
            return Check("directory", True, False, str(error)[:200])
        detail = f"{behind} entries to apply" if behind else ""
        return Check("directory", behind == 0, not self._been_ready, detail)
