"""A firing alert, as far as it takes to place it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin_incidents.domain.severity import AlertSeverity


@dataclass(frozen=True, slots=True)
class Firing:
    """`service` is the name that the sender gave, `service_id` the one that the detector matched it to."""

    alert_id: UUID
    group_id: UUID
    severity: AlertSeverity
    title: str
    received_at: datetime
    description: str = ""
    service_id: UUID | None = None
    service: str | None = None
