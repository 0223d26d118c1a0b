"""Topic `pages`, told by paging; the key is the incident."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from tocsin_events.base import Event, Topic, Value


class Channel(StrEnum):
    """The ways to reach a person."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    APPRISE = "apprise"


class Page(Value):
    """One notification for (incident, step, loop, person, contact method). `round` and `step` count from 1."""

    page_id: UUID
    incident_id: UUID
    user_id: UUID
    user: str
    channel: Channel
    step: int
    round: int
    requested_at: AwareDatetime


class PageEvent(Event):
    """What the events about one page share."""

    TOPIC: ClassVar = Topic.PAGES
    page: Page

    @property
    def key(self) -> UUID:
        return self.page.incident_id


class PageRequested(PageEvent):
    """A person is to be paged now. `reason` is the resolver's: why it is this person."""

    TYPE: ClassVar = "page.requested.v1"
    reason: str


class PageSent(PageEvent):
    """The provider took it: 2xx, or the final 250 of SMTP. `attempts` counts the tries."""

    TYPE: ClassVar = "page.sent.v1"
    sent_at: AwareDatetime
    attempts: int
    may_repeat: bool = False


class PageFailed(PageEvent):
    """No try is left on this channel. `reason` is what the provider said."""

    TYPE: ClassVar = "page.failed.v1"
    reason: str
    attempts: int


class EscalationEvent(Event):
    """What the events about one escalation share."""

    TOPIC: ClassVar = Topic.PAGES
    incident_id: UUID
    at: AwareDatetime

    @property
    def key(self) -> UUID:
        return self.incident_id


class PageAcknowledged(EscalationEvent):
    """A responder answered; `via` is link, page or api. No new page starts after it."""

    TYPE: ClassVar = "page.acknowledged.v1"
    user_id: UUID
    user: str
    via: str
    page_id: UUID | None = None


class PageUndeliverable(EscalationEvent):
    """A step reached nobody: no one on call, or nobody with a usable contact method. The next step acted at once.

    Step 0 with the reason `no_policy`: no escalation policy covers the incident, so every administrator is paged.
    """

    TYPE: ClassVar = "page.undeliverable.v1"
    step: int
    reason: str


class AcknowledgementExpired(EscalationEvent):
    """An acknowledgement no longer holds and the escalation runs again.

    `reason` is `silent` (nothing heard for the policy's ack timeout) or `severity_raised` (it was given for less).
    """

    TYPE: ClassVar = "page.acknowledgement_expired.v1"
    user_id: UUID | None = None
    reason: str = "silent"


class EscalationExhausted(EscalationEvent):
    """Every step of every round went unanswered."""

    TYPE: ClassVar = "page.escalation_exhausted.v1"
    rounds: int
