"""Makes page rows and puts each on its way, in the transaction that decided them."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from tocsin_bus.sending import queue_sending
from tocsin_bus.unit_of_work import UnitOfWork
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


async def make_pages(
    uow: UnitOfWork,
    recipient: Recipient,
    *,
    occasion: Occasion,
    contacts: Mapping[UUID, Contact],
    pager: Pager,
) -> list[Page]:
    """Make a page for each of the recipient's contact methods; one that exists already is not made twice."""
    made = []
    for contact_id in recipient.contacts:
        contact = contacts[contact_id]
        page = _page(recipient, contact=contact, occasion=occasion, uow=uow, pager=pager)
        if await PageRepository(uow.conn).add(page):
            await _queue(uow, page, contact=contact, occasion=occasion, timezone=recipient.timezone)
            made.append(page)
    return made


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


def _page(
    recipient: Recipient, *, contact: Contact, occasion: Occasion, uow: UnitOfWork, pager: Pager
) -> Page:
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
        requested_at=uow.now,
        incident_id=occasion.incident_id,
        round=occasion.round,
        step=occasion.step,
        ack_digest=digest(pager.links.ack_token(page_id)) if answerable else None,
    )


async def _queue(uow: UnitOfWork, page: Page, *, contact: Contact, occasion: Occasion, timezone: str) -> None:
    content = Content(
        recipient=page.user_name,
        why=page.why,
        requested_at=page.requested_at,
        about=occasion.about,
        notice=occasion.notice,
        step=page.step,
        round=page.round,
        timezone=timezone,
    )
    payload = payload_for(page.id, contact, content, incident_id=page.incident_id)
    await queue_sending(
        uow,
        provider=contact.channel.value,
        subject=page.id,
        payload=payload_to_json(payload),
        idempotency_key=str(page.id),
        destination=destination_of(contact),
    )
    if page.incident_id is not None:
        uow.emit(PageRequested(page=told(page), reason=page.why))
