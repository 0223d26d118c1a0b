"""Topic `status`, told by comms; what the world and the team were told. The key is the incident or the component."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from tocsin_events.base import Event, Topic


class ComponentState(StrEnum):
    """What the public page says of a component, as Statuspage names it."""

    OPERATIONAL = "operational"
    DEGRADED_PERFORMANCE = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"
    UNDER_MAINTENANCE = "under_maintenance"


class ComponentStateChanged(Event):
    """The public page shows a component differently."""

    TYPE: ClassVar = "status.component_changed.v1"
    TOPIC: ClassVar = Topic.STATUS
    component_id: UUID
    name: str
    previous: ComponentState
    state: ComponentState
    incident_id: UUID | None = None
    at: AwareDatetime

    @property
    def key(self) -> UUID:
        return self.component_id


class UpdateOverdue(Event):
    """The promised update did not come: by default 30 minutes after the one before."""

    TYPE: ClassVar = "status.update_overdue.v1"
    TOPIC: ClassVar = Topic.STATUS
    incident_id: UUID
    due_at: AwareDatetime

    @property
    def key(self) -> UUID:
        return self.incident_id
