"""Topic `alerts`, told by the detector; the key is the group, so that all that concerns one group keeps its order."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from tocsin_events.base import Event, Topic, Value


class AlertSeverity(StrEnum):
    """How bad the sender says it is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Alert(Value):
    """The alert as the detector holds it: `service` is the name that the sender gave, `service_id` its match."""

    alert_id: UUID
    integration_id: UUID
    group_id: UUID
    group_key: str
    dedup_key: str
    severity: AlertSeverity
    title: str
    description: str = ""
    source: str
    service: str | None = None
    service_id: UUID | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    url: str | None = None
    started_at: AwareDatetime
    received_at: AwareDatetime
    count: int = 1


class AlertEvent(Event):
    """What all events of this topic share."""

    TOPIC: ClassVar = Topic.ALERTS
    alert: Alert

    @property
    def key(self) -> UUID:
        return self.alert.group_id


class AlertOpened(AlertEvent):
    """A new occurrence began: no open alert had this dedup key."""

    TYPE: ClassVar = "alert.opened.v1"


class AlertRepeated(AlertEvent):
    """The sender told an open alert again; `alert.count` says how often. `previous_severity` is set when it changed."""

    TYPE: ClassVar = "alert.repeated.v1"
    previous_severity: AlertSeverity | None = None


class AlertAcknowledged(AlertEvent):
    """The sender says that somebody has taken the alert, as PagerDuty's `acknowledge` does."""

    TYPE: ClassVar = "alert.acknowledged.v1"


class AlertResolved(AlertEvent):
    """The occurrence ended. `reason` names why: `resolved_by_sender`, `ended_long_ago` by the sender's word,
    `resolved_by_hand`, `not_told_again` in time, or `resolved_with_incident` when a person resolved the incident that
    it belongs to."""

    TYPE: ClassVar = "alert.resolved.v1"
    ended_at: AwareDatetime
    reason: str
