"""Somebody answers. Paging owns the answer: once it is given, no new page starts (R27)."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from uuid import UUID

from tocsin_bus.sending_rows import FRESH
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.pages import PageAcknowledged
from tocsin_paging.domain.errors import GoneError, NotFoundError
from tocsin_paging.domain.escalation import Reason, acknowledge
from tocsin_paging.domain.links import LINK_LIFE, digest
from tocsin_paging.domain.page import Page
from tocsin_paging.store.escalations import Answer, Case, EscalationRepository
from tocsin_paging.store.pages import PageRepository
from tocsin_paging.usecases.carry_out import carry_out
from tocsin_paging.usecases.pager import Pager
from tocsin_runtime.clock import monotonic
from tocsin_runtime.reading import Reading

LOOK_AGAIN = 0.005


@dataclass(frozen=True)
class Person:
    """Who answers."""

    id: UUID
    name: str


@dataclass(frozen=True)
class Answered:
    """What an answer did: `reason` says whether it was the first. `case` says who has it now."""

    case: Case
    reason: Reason
    page: Page | None = None


async def acknowledge_incident(
    uow: UnitOfWork,
    incident_id: UUID,
    by: Person,
    *,
    via: str,
    pager: Pager,
    page_id: UUID | None = None,
) -> Answered:
    """Stop the escalation, and tell the incidents service.

    Raises `NotFoundError` when there is no escalation for the incident.
    """
    case = await EscalationRepository(uow.conn).locked(incident_id)
    if case is None:
        raise NotFoundError("There is no escalation for this incident.")
    answered = await take_answer(uow, case, Answer(by.name, at=uow.now, via=via), by=by.id, pager=pager)
    if answered.reason == Reason.ACKNOWLEDGED:
        uow.emit(_told(incident_id, by, via=via, page_id=page_id, uow=uow))
        await let_sends_begin(uow, [incident_id])
    return answered


async def take_answer(
    uow: UnitOfWork, case: Case, answer: Answer, *, by: UUID | None, pager: Pager
) -> Answered:
    """Stop the escalation of a locked case; `by` is None where no person of ours answered.

    The caller lets sends begin before the answer is given.
    """
    decision = acknowledge(case.escalation, by, at=uow.now)
    if decision.reason == Reason.ACKNOWLEDGED:
        case = replace(case, answer=answer)
    case = await carry_out(uow, case, decision, pager=pager)
    return Answered(case, reason=decision.reason)


async def acknowledge_page(
    uow: UnitOfWork, page_id: UUID, by: Person | None, *, via: str, pager: Pager
) -> Answered:
    """Answer a page; without a person it is the one who was paged who answers."""
    page = await PageRepository(uow.conn).get(page_id)
    if page is None or page.incident_id is None:
        raise NotFoundError("There is no page for an incident with this id.")
    return await _answer(uow, page, by or Person(page.user_id, name=page.user_name), via=via, pager=pager)


async def acknowledge_by_link(uow: UnitOfWork, token: str, *, pager: Pager) -> Answered:
    """Answer by the one-use link of a page: whoever was paged answers. A second use changes nothing.

    Raises `NotFoundError` for a link that never was, `GoneError` for one that is too old.
    """
    page = await page_of_link(uow, token)
    if page.acknowledged_at is not None:
        return await link_state(uow, page)
    return await _answer(uow, page, Person(page.user_id, name=page.user_name), via="link", pager=pager)


async def page_of_link(reading: Reading, token: str) -> Page:
    """Return the page of a link that may still be used, or was."""
    page = await PageRepository(reading.conn).with_ack_digest(digest(token))
    if page is None or page.incident_id is None:
        raise NotFoundError("This link is not one of Tocsin's. Open the incident and acknowledge it there.")
    if page.acknowledged_at is None and reading.now - page.requested_at > LINK_LIFE:
        raise GoneError("This link is older than 24 hours. Open the incident and acknowledge it there.")
    return page


async def link_state(reading: Reading, page: Page) -> Answered:
    """Return what there is to answer behind a link, without answering."""
    incident_id = page.incident_id
    case = await EscalationRepository(reading.conn).get(incident_id) if incident_id else None
    if case is None:
        raise NotFoundError("The incident of this page is not known any more.")
    reasons = {"acknowledged": Reason.ALREADY_ACKNOWLEDGED, "resolved": Reason.ALREADY_RESOLVED}
    return Answered(case, reason=reasons.get(case.escalation.state.value, Reason.NOT_DUE), page=page)


async def _answer(uow: UnitOfWork, page: Page, by: Person, *, via: str, pager: Pager) -> Answered:
    if page.incident_id is None:
        raise NotFoundError("This page is for no incident.")
    answered = await acknowledge_incident(uow, page.incident_id, by, via=via, pager=pager, page_id=page.id)
    pages = PageRepository(uow.conn)
    locked = await pages.get(page.id, lock=True) or page
    if locked.acknowledged_at is None:
        locked = replace(locked, acknowledged_at=uow.now, acknowledged_name=by.name)
        await pages.save(locked)
    return replace(answered, page=locked)


async def let_sends_begin(uow: UnitOfWork, incident_ids: Collection[UUID]) -> None:
    """Wait for pages whose claim is still fresh, so that none begins after the answers are given.

    The locks on the cases, which must be held, keep further ones from being claimed. A sender begins while its claim
    is fresh, or claims anew, which needs that lock: what was claimed longer ago has begun, or will not. So one wait
    does for all answers of a transaction, as none of them is given before it commits.
    """
    escalations, until = EscalationRepository(uow.conn), monotonic() + FRESH.total_seconds()
    while incident_ids and monotonic() < until:
        if not await escalations.claimed_within(incident_ids, FRESH, now=uow.fixed_now):
            return
        await asyncio.sleep(LOOK_AGAIN)


def _told(
    incident_id: UUID, by: Person, *, via: str, page_id: UUID | None, uow: UnitOfWork
) -> PageAcknowledged:
    return PageAcknowledged(
        incident_id=incident_id, at=uow.now, user_id=by.id, user=by.name, via=via, page_id=page_id
    )
