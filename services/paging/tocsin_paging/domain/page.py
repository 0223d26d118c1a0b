"""A page: one notification for (incident, round, step, person, contact method)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from tocsin_paging.domain.contact import Channel

STRUGGLING_AFTER = 2
PATIENCE = timedelta(seconds=5)
"""For so long a page that did not get through may still do so before somebody else is paged instead."""


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
    """One page as it now is. `why` says why it is this person; `reason` what the provider said last.

    `failing` says that this channel cannot be counted on now, though it may be tried again (R30).
    """

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
    failing: bool = False
    sent_at: datetime | None = None
    ack_digest: str | None = None
    acknowledged_at: datetime | None = None
    acknowledged_name: str | None = None


@dataclass(frozen=True)
class Try:
    """The last try of a page: the how-manieth it was, and whether an earlier one may have got through."""

    page_id: UUID
    attempts: int
    may_repeat: bool


def refused(page: Page, *, reason: str) -> Page:
    """Return the page after a refusal that no other try would change."""
    return replace(page, state=PageState.FAILED, reason=reason, failing=True)


def tried_in_vain(page: Page, *, reason: str, again_in: timedelta, now: datetime) -> Page:
    """Return the page after a try that failed for now; the next comes `again_in` later at the earliest.

    It counts as failing after a second one, and when all of this takes longer than patience lasts.
    """
    struggling = page.attempts >= STRUGGLING_AFTER
    late = now - page.requested_at >= PATIENCE or again_in > PATIENCE
    return replace(page, state=PageState.RETRYING, reason=reason, failing=struggling or late)


def held_up(page: Page, *, reason: str) -> Page:
    """Return a page that waits until its provider answers again; it leaves then, if it is still wanted."""
    if page.state not in (PageState.REQUESTED, PageState.RETRYING):
        return page
    return replace(page, state=PageState.RETRYING, reason=reason, failing=True)
