"""An alert: one occurrence of one key, from the first message about it to its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tocsin_detector.domain.severity import Severity


class Status(StrEnum):
    """Where an alert stands."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    SILENCED = "silenced"


OPEN = frozenset({Status.FIRING, Status.ACKNOWLEDGED, Status.SILENCED})


@dataclass(frozen=True, slots=True)
class Alert:
    """The alert as it now is. Times are aware UTC.

    `opened_at` is when Tocsin first heard of it, `started_at` the sender's own time if it is believable, and
    `sender_started_at` that time as it was written. `told_at` is when the other services were last told.
    """

    id: UUID
    integration_id: UUID
    dedup_key: str
    group_id: UUID
    group_key: str
    status: Status
    severity: Severity
    title: str
    source: str
    opened_at: datetime
    started_at: datetime
    last_received_at: datetime
    told_at: datetime
    description: str = ""
    service: str | None = None
    service_id: UUID | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    url: str | None = None
    sender_started_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    expires_at: datetime | None = None
    count: int = 1
    incident_id: UUID | None = None

    @property
    def is_open(self) -> bool:
        """Whether a further message about its key belongs to it."""
        return self.status in OPEN


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts that belong together. `last_joined_at` is when the last alert came in, from which the window counts.

    `closed_at` is when it was heard that the last of them had ended; `opened_at` when it began, or went on after that.
    """

    id: UUID
    integration_id: UUID
    key: str
    opened_at: datetime
    last_joined_at: datetime
    open_alerts: int = 0
    alerts: int = 0
    closed_at: datetime | None = None
