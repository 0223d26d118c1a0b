"""How integrations are doing, told from the last deliveries of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tocsin_detector.domain.health import DeliveryLine, Health, health_of
from tocsin_detector.domain.integration import Integration
from tocsin_detector.store.queries import DeliveryQueries

LOOKS_AT = 10
"""So many deliveries of each are looked at."""


@dataclass(frozen=True, slots=True)
class Doing:
    """The health of one, and its last delivery."""

    health: Health
    latest: DeliveryLine | None


async def health_of_each(
    deliveries: DeliveryQueries, integrations: Sequence[Integration]
) -> dict[UUID, Doing]:
    """How each of these is doing, by its id; one look for all of them."""
    latest = await deliveries.latest_of([one.id for one in integrations], each=LOOKS_AT)
    return {one.id: _doing(latest.get(one.id, []), one) for one in integrations}


def _doing(lines: Sequence[DeliveryLine], integration: Integration) -> Doing:
    health = health_of(lines, revoked=integration.revoked_at is not None)
    return Doing(health, lines[0] if lines else None)
