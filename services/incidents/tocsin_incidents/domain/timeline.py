"""The story of an incident: entries that are only ever added."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tocsin_incidents.domain.incident import TOCSIN, Actor


class Kind(StrEnum):
    """What an entry tells. Those of the lifecycle are named as its facts."""

    OPENED = "opened"
    ALERTS_JOINED = "alerts_joined"
    ALERTS_CLEARED = "alerts_cleared"
    ACKNOWLEDGED = "acknowledged"
    STATUS_CHANGED = "status_changed"
    SEVERITY_CHANGED = "severity_changed"
    ASSIGNED = "assigned"
    DETAILS_CHANGED = "details_changed"
    RESPONSE_OVERDUE = "response_overdue"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLOSED = "closed"
    UPDATE = "update"
    NOTE = "note"
    PAGE_SENT = "page_sent"
    PAGE_FAILED = "page_failed"
    PAGE_UNDELIVERABLE = "page_undeliverable"
    PAGE_ACKNOWLEDGED = "page_acknowledged"
    ACKNOWLEDGEMENT_EXPIRED = "acknowledgement_expired"
    ESCALATION_EXHAUSTED = "escalation_exhausted"


OF_PAGING = frozenset(
    {
        Kind.PAGE_SENT,
        Kind.PAGE_FAILED,
        Kind.PAGE_UNDELIVERABLE,
        Kind.PAGE_ACKNOWLEDGED,
        Kind.ESCALATION_EXHAUSTED,
    }
)
"""What only paging tells: an incident without any of them is perhaps unknown there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the story. `title` says in a plain sentence what happened; `text` is what a person wrote about it,
    in Markdown, or empty; `data` is for programs.
    """

    id: UUID
    incident_id: UUID
    at: datetime
    kind: Kind
    title: str
    text: str = ""
    actor: Actor = TOCSIN
    data: dict[str, object] = field(default_factory=dict)
