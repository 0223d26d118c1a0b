"""The way round a dead bus: page-critical events go straight to the service that waits for them (R22)."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from tocsin_bus.relay import BypassRoad
from tocsin_chassis.platform import Courier
from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope

log = structlog.get_logger("tocsin.bypass")
ROADS: dict[Topic, tuple[str, ...]] = {
    Topic.ALERTS: ("incidents",),
    Topic.INCIDENTS: ("paging",),
    Topic.PAGES: ("incidents",),
}


def road_past_the_bus(couriers: Mapping[str, Courier]) -> BypassRoad | None:
    """None when no service can be reached past the bus. Raises when one did not take what it was brought."""
    if not couriers:
        return None

    async def bring(envelopes: Sequence[Envelope]) -> None:
        loads: dict[str, list[Envelope]] = {}
        for envelope in envelopes:
            for target in ROADS.get(envelope.topic, ()):
                if target in couriers:
                    loads.setdefault(target, []).append(envelope)
        await asyncio.gather(*(couriers[target](load) for target, load in loads.items()))
        if loads:
            log.warning("bus.bypassed", events={target: len(load) for target, load in loads.items()})

    return bring
