"""An integration: one tool that sends alerts, with its key and what it says about its alerts."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tocsin_detector.domain.grouping import Grouping
from tocsin_detector.domain.signal import Defaults


class Source(StrEnum):
    """The kinds of senders whose form is known."""

    ALERTMANAGER = "alertmanager"
    GENERIC = "generic"
    PAGERDUTY = "pagerduty"


class Road(StrEnum):
    """The ways in; each has a form of its own, and takes keys of one source only."""

    ALERTMANAGER = "alertmanager"
    ALERTMANAGER_API = "alertmanager_api"
    GENERIC = "generic"
    PAGERDUTY = "pagerduty"


SOURCE_OF = {
    Road.ALERTMANAGER: Source.ALERTMANAGER,
    Road.ALERTMANAGER_API: Source.ALERTMANAGER,
    Road.GENERIC: Source.GENERIC,
    Road.PAGERDUTY: Source.PAGERDUTY,
}
SIGNS = frozenset({Source.GENERIC})
"""The sources whose senders can sign, by Standard Webhooks."""

LANES = 8
"""All deliveries of an integration go through one lane, so every dedup key keeps its order, and one integration's
storm does not hold up the others."""


@dataclass(frozen=True, slots=True)
class Integration:
    """One sender. `service` is its alerts' service when they name none. `version` grows with every change."""

    id: UUID
    slug: str
    name: str
    source: Source
    service: str | None
    key_prefix: str
    version: int
    created_at: datetime
    updated_at: datetime
    secret: str | None = field(default=None, repr=False)
    key_digest: bytes = field(default=b"", repr=False)
    revoked_at: datetime | None = None
    defaults: Defaults = field(default_factory=Defaults)
    grouping: Grouping = field(default_factory=Grouping)
    body_limit: int | None = None

    @property
    def lane(self) -> int:
        """The lane that its deliveries take."""
        return lane_of(self.id)


def lane_of(integration_id: UUID) -> int:
    """UUIDv7 is random at its end, so the last bits spread well."""
    return integration_id.int % LANES
