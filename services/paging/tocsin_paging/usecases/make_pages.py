"""Makes page rows and puts each on its way, in the transaction that decided them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from tocsin_bus.sending import NewSending, queue_sendings
from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_events.pages import Channel as ToldChannel
from tocsin_events.pages import Page as ToldPage
from tocsin_events.pages import PageRequested
from tocsin_paging.adapters.destinations import destination_of
from tocsin_paging.domain.contact import Contact
from tocsin_paging.domain.escalation import Recipient
from tocsin_paging.domain.links import digest
from tocsin_paging.domain.message import About, Content
from tocsin_paging.domain.page import Page, PageKind
from tocsin_paging.domain.payload import payload_for, payload_to_json
from tocsin_paging.store.pages import PageRepository
from tocsin_paging.usecases.pager import Pager
from tocsin_runtime.ids import new_id

AT_ONCE = 500
"""Pages drafted and written at a time. A storm of incidents that page dozens each makes thousands in one transaction:
all at once, they would hold the loop, and with it every page that is about to leave, for most of a second."""


@dataclass(frozen=True)
class Occasion:
    """What pages are made for: a step of an incident, a test, or a notice of Tocsin's own."""

    kind: PageKind
    title: str
    incident_id: UUID | None = None
    about: About | None = None
    notice: str = ""
    round: int = 1
    step: int = 0


@dataclass(frozen=True)
class Draft:
    """A page that is to be made, with what its sending says. `timezone` is that of whoever reads it."""

    page: Page
    contact: Contact
    occasion: Occasion
    timezone: str
    cause: Cause


def drafts_for(
    recipients: Iterable[Recipient],
    *,
    occasion: Occasion,
    contacts: Mapping[UUID, Contact],
    cause: Cause,
    now: datetime,
    pager: Pager,
) -> list[Draft]:
    """Draft a page for each contact method of each recipient."""
    drafts = []
    for recipient in recipients:
        for contact in (contacts[contact_id] for contact_id in recipient.contacts):
            page = _page(recipient, contact=contact, occasion=occasion, now=now, pager=pager)
            drafts.append(Draft(page, contact, occasion=occasion, timezone=recipient.timezone, cause=cause))
    return drafts


async def make_pages(uow: UnitOfWork, drafts: Iterable[Draft], *, at_once: bool = False) -> list[Page]:
    """Make these pages, put them on their way and tell it; one that exists already is not made twice.

    `at_once`: nothing that comes after it in this unit of work makes them unwanted.
    """
    made, coming = list[Page](), iter(drafts)
    while some := list(islice(coming, AT_ONCE)):
        made += await _make(uow, some, at_once=at_once)
    return made


async def _make(uow: UnitOfWork, drafts: Sequence[Draft], *, at_once: bool) -> list[Page]:
    added = await PageRepository(uow.conn).add([draft.page for draft in drafts])
    made = [draft for draft in drafts if draft.page.id in added]
    queue_sendings(uow, [_sending(draft) for draft in made], at_once=at_once)
    for draft in made:
        if draft.page.incident_id is not None:
            uow.emit(PageRequested(page=told(draft.page), reason=draft.page.why), cause=draft.cause)
    return [draft.page for draft in made]


def told(page: Page) -> ToldPage:
    """Return the page as events tell it; only a page for an incident is told."""
    if page.incident_id is None:
        raise ValueError(f"page {page.id} belongs to no incident")
    return ToldPage(
        page_id=page.id,
        incident_id=page.incident_id,
        user_id=page.user_id,
        user=page.user_name,
        channel=ToldChannel(page.channel.value),
        step=page.step,
        round=page.round,
        requested_at=page.requested_at,
    )


def _page(recipient: Recipient, *, contact: Contact, occasion: Occasion, now: datetime, pager: Pager) -> Page:
    page_id = new_id()
    answerable = occasion.kind == PageKind.INCIDENT
    return Page(
        page_id,
        kind=occasion.kind,
        user_id=recipient.user_id,
        user_name=recipient.name,
        contact_id=contact.id,
        channel=contact.channel,
        why=recipient.why,
        title=occasion.title,
        requested_at=now,
        incident_id=occasion.incident_id,
        round=occasion.round,
        step=occasion.step,
        ack_digest=digest(pager.links.ack_token(page_id)) if answerable else None,
    )


def _sending(draft: Draft) -> NewSending:
    page, contact, occasion = draft.page, draft.contact, draft.occasion
    content = Content(
        recipient=page.user_name,
        why=page.why,
        requested_at=page.requested_at,
        about=occasion.about,
        notice=occasion.notice,
        step=page.step,
        round=page.round,
        timezone=draft.timezone,
    )
    payload = payload_for(page.id, contact, content, incident_id=page.incident_id)
    return NewSending(
        contact.channel.value,
        subject=page.id,
        payload=payload_to_json(payload),
        idempotency_key=str(page.id),
        cause=draft.cause,
        destination=destination_of(contact),
    )
