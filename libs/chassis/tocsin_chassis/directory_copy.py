"""How far a service's own copy of the directory is."""

from typing import TYPE_CHECKING

from tocsin_bus.protocol import Partition
from tocsin_events.base import Topic

if TYPE_CHECKING:
    from tocsin_chassis.service import Service


class DirectoryCopy:
    """Compares it with all that there was when it was first asked; once it holds that, it does for good."""

    def __init__(self, service: "Service") -> None:
        self._service = service
        self._goal: dict[Partition, int] | None = None
        self._applied = False

    async def behind(self) -> int:
        """How many of those entries are still to be applied. Raises BusUnavailable."""
        if self._applied:
            return 0
        bus = self._service.platform.bus
        if self._goal is None:
            self._goal = await bus.end_offsets(Topic.DIRECTORY)
        positions = await bus.positions(self._service.subscriptions.consumer, Topic.DIRECTORY)
        behind = sum(max(0, end - positions.get(place, 0)) for place, end in self._goal.items())
        self._applied = behind == 0
        return behind
