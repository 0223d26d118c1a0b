"""A page: one notification for (incident, round, step, person, contact method)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tocsin_paging.domain.contact import Channel

STRUGGLING_AFTER = 2


class PageKind(StrEnum):
    """What a page is for. A fallback page tells that something could not be processed (R18)."""

    INCIDENT = "incident"
    TEST = "test"
    FALLBACK = "fallback"


class PageState(StrEnum):
    """How far a page got. `sent` is a proven acceptance by the provider and nothing less."""

    REQUESTED = "requested"
    RETRYING = "retrying"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Page:
    """One page as it now is. `why` says why it is this person; `reason` what the provider said last."""

    id: UUID
    kind: PageKind
    user_id: UUID
    user_name: str
    contact_id: UUID
    channel: Channel
    why: str
    title: str
    requested_at: datetime
    incident_id: UUID | None = None
    round: int = 1
    step: int = 0
    state: PageState = PageState.REQUESTED
    attempts: int = 0
    may_repeat: bool = False
    reason: str | None = None
    sent_at: datetime | None = None
    ack_digest: str | None = None
    acknowledged_at: datetime | None = None
    acknowledged_name: str | None = None

    @property
    def failing(self) -> bool:
        """Say whether this channel cannot be counted on: it failed, or was tried twice in vain (R30)."""
        struggling = self.state == PageState.RETRYING and self.attempts >= STRUGGLING_AFTER
        return self.state == PageState.FAILED or struggling
