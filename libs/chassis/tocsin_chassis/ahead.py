"""What cannot wait for the bus: told straight to the service that acts on it, before the answer leaves (R27)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from tocsin_chassis.platform import Courier
from tocsin_events.base import Event
from tocsin_events.envelope import Envelope

log = structlog.get_logger("tocsin.ahead")
PATIENCE = 1.0
"""Seconds for which an answer waits for the other service; after that the event alone tells it, by the bus."""


@dataclass
class Ahead:
    """Which events of a service go ahead to which other one. `heralds` are by service name, as the host gave them."""

    heralds: Mapping[str, Courier]
    patience: float = PATIENCE
    _kinds: dict[str, set[str]] = field(default_factory=dict)

    def add(self, target: str, kinds: Sequence[type[Event]]) -> None:
        """From now on tell `target` of these ahead of the bus, where there is a herald to it."""
        self._kinds.setdefault(target, set()).update(kind.TYPE for kind in kinds)

    async def tell(self, envelopes: Sequence[Envelope]) -> None:
        """Tell what is among these, which are committed. Never raises: they follow on the bus in any case."""
        for target, kinds in self._kinds.items():
            told = [envelope for envelope in envelopes if envelope.type in kinds]
            herald = self.heralds.get(target)
            if told and herald:
                await self._bring(herald, told, target=target)

    async def _bring(self, herald: Courier, told: Sequence[Envelope], *, target: str) -> None:
        try:
            async with asyncio.timeout(self.patience):
                await herald(told)
        except Exception as error:  # noqa: BLE001 - the answer must not wait, nor fail, for another service
            log.warning("ahead.not_told", target=target, error=repr(error)[:300])
