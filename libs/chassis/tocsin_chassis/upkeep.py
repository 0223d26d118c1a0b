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
        for table in SERVICE_TABLES:
            async with self._service.database.begin() as conn:
                await keep_partitions(conn, (table,))
        async with self._service.database.begin() as conn:
            await forget_old_rows(conn)
        await self._service.platform.bus.upkeep()
        return 0
