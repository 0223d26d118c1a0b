"""Pages that are for no incident: a test, and word of something that Tocsin could not process (R18)."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from tocsin_access.directory import Directory
from tocsin_bus.subscriptions import DeadLetter
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.envelope import MalformedEvent, UnknownEventType
from tocsin_events.incidents import IncidentOpened, IncidentReopened, IncidentSeverityChanged
from tocsin_paging.domain.errors import ConflictError, NotFoundError
from tocsin_paging.domain.escalation import Recipient, started
from tocsin_paging.domain.page import Page, PageKind
from tocsin_paging.store.pages import PageRepository
from tocsin_paging.store.policies import PolicyRepository
from tocsin_paging.usecases.make_pages import Occasion, drafts_for, make_pages
from tocsin_paging.usecases.pager import Pager
from tocsin_paging.usecases.roster import Gathered, administrators, contacts_of, gather

ONCE_IN = timedelta(minutes=5)
MOST_BY_NAME = 10
"""Notices in that time, after which incidents are not named any more: a storm of dead letters is no storm of pages."""


async def send_test_page(uow: UnitOfWork, user_id: UUID, *, by: str, pager: Pager) -> list[Page]:
    """Send a test page to every enabled contact method of a person; returns the pages.

    Raises `NotFoundError` for an unknown person, `ConflictError` for one who cannot be reached.
    """
    user = await Directory(uow.conn).user(user_id)
    if user is None:
        raise NotFoundError("There is no such person.")
    contacts = {contact.id: contact for contact in (await contacts_of(uow, [user])).get(user_id, [])}
    enabled = tuple(contact.id for contact in contacts.values() if contact.enabled)
    if not enabled:
        raise ConflictError("This person has no contact method that is switched on. Add one first.")
    recipient = Recipient(
        user.id, name=user.name, why=f"test asked for by {by}", contacts=enabled, timezone=user.timezone
    )
    occasion = Occasion(PageKind.TEST, title="Test page")
    drafts = drafts_for(
        [recipient], occasion=occasion, contacts=contacts, cause=uow.cause, now=uow.now, pager=pager
    )
    return await make_pages(uow, drafts)


async def tell_of_dead_letter(letter: DeadLetter, uow: UnitOfWork, *, pager: Pager) -> None:
    """Tell people plainly that an event could not be processed, so that nobody waits in vain for its effect.

    An incident that should have paged is told of by its name. Where there are many, and for all else, a type is told of
    once in a while: what is wrong with one is wrong with its like.
    """
    lately = await PageRepository(uow.conn).fallbacks(since=uow.now - ONCE_IN)
    incident = _should_have_paged(letter) if len(lately) < MOST_BY_NAME else None
    what = f"{letter.type} of {incident}" if incident else letter.type
    title = f"{incident or letter.type} could not be processed"
    if title in lately:
        return
    gathered = await _whom_to_tell(uow)
    missed = " Nobody has been paged for this." if incident else ""
    notice = (
        f"Tocsin could not process {what} on topic {letter.topic.value}.{missed} Look at the dead letters."
    )
    occasion = Occasion(PageKind.FALLBACK, title=title, notice=notice)
    told = [replace(recipient, why="an event went dead") for recipient in gathered.roster.get(1, ())]
    drafts = drafts_for(
        told, occasion=occasion, contacts=gathered.contacts, cause=uow.cause, now=uow.now, pager=pager
    )
    await make_pages(uow, drafts)


def _should_have_paged(letter: DeadLetter) -> str | None:
    """The incident by its name, where the event would have paged somebody; None where it cannot be read."""
    if letter.envelope is None:
        return None
    try:
        event = letter.envelope.event()
    except (UnknownEventType, MalformedEvent):
        return None
    if not isinstance(event, IncidentOpened | IncidentReopened | IncidentSeverityChanged):
        return None
    return f"INC-{event.incident.number} “{event.incident.title}”"


async def _whom_to_tell(uow: UnitOfWork) -> Gathered:
    """Return the first people of the default policy who can be reached, else all administrators."""
    stored = await PolicyRepository(uow.conn).default()
    if stored:
        gathered = await gather(uow, started(stored.policy.id, stored.policy, at=uow.now))
        for recipients in gathered.roster.values():
            if any(recipient.contacts for recipient in recipients):
                return Gathered({1: recipients}, contacts=gathered.contacts)
    gathered = Gathered()
    gathered.roster[1] = await administrators(uow, gathered, why="")
    return gathered
