"""Sends the canary through the topics that a service owns, so that a stopped consumer has something to miss (R21)."""

from typing import TYPE_CHECKING
from uuid import UUID

from tocsin_events.base import Topic
from tocsin_events.canary import Canary
from tocsin_runtime.clock import monotonic

if TYPE_CHECKING:
    from tocsin_chassis.service import Service

OWNERS: dict[str, tuple[Topic, ...]] = {
    "detector": (Topic.ALERTS,),
    "incidents": (Topic.INCIDENTS,),
    "paging": (Topic.PAGES, Topic.DIRECTORY),
    "comms": (Topic.STATUS,),
}
KEYS = 12
EVERY = 10.0


async def release_canary(service: "Service") -> int:
    """One canary a topic; the few fixed keys take turns, so that every partition is tried in time."""
    topics = OWNERS.get(service.name, ())
    if topics:
        turn = int(monotonic() / EVERY) % KEYS
        async with service.unit_of_work() as uow:
            for topic in topics:
                uow.emit(Canary(id=UUID(int=turn + 1), sent_to=topic, sent_at=uow.now))
    return 0
