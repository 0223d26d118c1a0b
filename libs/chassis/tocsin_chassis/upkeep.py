"""Housekeeping of one service's schema, by whichever replica comes first."""

from typing import TYPE_CHECKING

from tocsin_bus.maintenance import SERVICE_TABLES, forget_old_rows, keep_partitions

if TYPE_CHECKING:
    from tocsin_chassis.service import Service


class Upkeep:
    """Partitions of the next days, and what is past its use."""

    def __init__(self, service: "Service") -> None:
        self._service = service

    async def run_once(self) -> int:
        """Returns 0: there is never more to do at once."""
        async with self._service.unit_of_work() as uow:
            await keep_partitions(uow.conn, SERVICE_TABLES)
            await forget_old_rows(uow.conn)
        await self._service.platform.bus.upkeep()
        return 0
