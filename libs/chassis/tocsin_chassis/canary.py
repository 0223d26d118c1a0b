"""Sends the canary through the topics that a service owns, so that a stopped consumer has something to miss (R21)."""

from secrets import randbelow
from typing import TYPE_CHECKING

from tocsin_events.base import Topic
from tocsin_events.canary import Canary

if TYPE_CHECKING:
    from tocsin_chassis.service import Service

OWNERS: dict[str, tuple[Topic, ...]] = {
    "detector": (Topic.ALERTS,),
    "incidents": (Topic.INCIDENTS,),
    "paging": (Topic.PAGES, Topic.DIRECTORY),
    "comms": (Topic.STATUS,),
}
_ANYWHERE = 1_000
EVERY = 10.0
"""Seconds: twelve partitions are tried within two minutes."""


class Canaries:
    """Releases one canary a topic; the partitions take turns, so that each is tried in time."""

    def __init__(self, service: "Service") -> None:
        self._service = service
        self._topics = OWNERS.get(service.name, ())
        self._turn = randbelow(_ANYWHERE)  # replicas do not begin with the same partition

    async def release(self) -> int:
        """To the next partition of each topic."""
        if self._topics:
            async with self._service.unit_of_work() as uow:
                for topic in self._topics:
                    keys = self._service.platform.bus.a_key_each(topic)
                    uow.emit(Canary(id=keys[self._turn % len(keys)], sent_to=topic, sent_at=uow.now))
            self._turn += 1
        return 0
