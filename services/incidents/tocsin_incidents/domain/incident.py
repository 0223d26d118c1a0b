"""The incident as a value. A change makes a new one."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tocsin_incidents.domain.errors import NotFound
from tocsin_incidents.domain.severity import Response, Severity


class Status(StrEnum):
    """Where an incident stands, in the order in which it goes on."""

    DETECTED = "detected"
    ACKNOWLEDGED = "acknowledged"
    INVESTIGATING = "investigating"
    MITIGATED = "mitigated"
    RECOVERING = "recovering"
    RESOLVED = "resolved"
    CLOSED = "closed"

    @property
    def is_open(self) -> bool:
        """Still going on: neither resolved nor closed."""
        return self not in (Status.RESOLVED, Status.CLOSED)

    @property
    def place(self) -> int:
        """How far along, from 0."""
        return list(Status).index(self)


class Origin(StrEnum):
    """Where an incident came from."""

    ALERT = "alert"
    API = "api"
    PAGE = "page"
    TOCSIN = "tocsin"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person, or a program by its token's name. Both are None where Tocsin acted by rule."""

    user_id: UUID | None = None
    name: str | None = None


TOCSIN = Actor()
"""Tocsin itself, acting by rule."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. All times are aware UTC.

    `acknowledged_at`, `mitigated_at` and `resolved_at` are those of the present occurrence: reopening clears
    them, and the timeline keeps the earlier ones. `auto_resolve`: it ends by itself once all its alerts have
    cleared. `asked_severity` is the gravest that its alerts have opened it with or raised it to; whatever a person
    makes of it afterwards stands until an alert asks for more.
    """

    id: UUID
    number: int
    version: int
    title: str
    severity: Severity
    status: Status
    origin: Origin
    opened_at: datetime
    detected_at: datetime
    response_due_at: datetime
    summary: str = ""
    service_id: UUID | None = None
    service: str | None = None
    team_id: UUID | None = None
    escalation_policy_id: UUID | None = None
    assignee_id: UUID | None = None
    declared_by: UUID | None = None
    runbook_url: str | None = None
    public: bool = True
    drill: bool = False
    auto_resolve: bool = False
    impact_started_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledgement_expired: bool = False
    identified_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    reopened_at: datetime | None = None
    overdue_at: datetime | None = None
    next_update_due_at: datetime | None = None
    alert_count: int = 0
    firing_count: int = 0
    asked_severity: Severity | None = None

    @property
    def ref(self) -> str:
        """What people call it, such as INC-42."""
        return f"INC-{self.number}"

    @property
    def is_open(self) -> bool:
        return self.status.is_open

    @property
    def started_at(self) -> datetime:
        """When the present occurrence began."""
        return self.reopened_at or self.opened_at

    @property
    def response(self) -> Response:
        return Response(
            self.started_at,
            self.response_due_at,
            acknowledged_at=self.acknowledged_at,
            is_open=self.is_open,
        )


Ref = UUID | int
"""How an incident is asked for: by its id, or by its number."""

_NUMBER = re.compile(r"(?:inc-)?([1-9][0-9]{0,8})", re.IGNORECASE)


def ref_of(text: str) -> Ref:
    """INC-42, 42 or an id. Raises NotFound for anything else: there is no such incident."""
    if number := _NUMBER.fullmatch(text):
        return int(number[1])
    try:
        return UUID(text)
    except ValueError:
        raise unknown(text) from None


def unknown(ref: Ref | str) -> NotFound:
    """What to say when there is no such incident."""
    name = f"INC-{ref}" if isinstance(ref, int) else str(ref)[:80]
    return NotFound(f"There is no incident {name}. The list of incidents shows those there are.")
