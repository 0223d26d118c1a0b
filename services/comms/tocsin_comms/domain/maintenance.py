"""Planned work on components, announced on the public page; its state follows the clock alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class MaintenanceStatus(StrEnum):
    """As Statuspage names it."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Work from `starts_at` (included) to `ends_at` (not included), aware UTC."""

    id: UUID
    name: str
    body: str
    starts_at: datetime
    ends_at: datetime
    component_ids: frozenset[UUID]
    created_at: datetime
    updated_at: datetime

    def status(self, now: datetime) -> MaintenanceStatus:
        """Where it stands at that moment."""
        if now < self.starts_at:
            return MaintenanceStatus.SCHEDULED
        return MaintenanceStatus.IN_PROGRESS if now < self.ends_at else MaintenanceStatus.COMPLETED


def in_maintenance(works: Iterable[Maintenance], now: datetime) -> frozenset[UUID]:
    """The components that are worked on at that moment."""
    running = (work for work in works if work.status(now) is MaintenanceStatus.IN_PROGRESS)
    return frozenset(component for work in running for component in work.component_ids)
