"""Before a page leaves: is it still wanted? After it: what became of it (R29-R31)."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from tocsin_bus.sending import GiveUp, Outcome, Retry, Sending, Sent
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.pages import PageFailed, PageSent
from tocsin_paging.domain.escalation import State, all_channels_failed
from tocsin_paging.domain.page import (
    Page,
    PageKind,
    PageState,
    accepted,
    held_up,
    refused,
    tried_in_vain,
)
from tocsin_paging.store.escalations import Case, EscalationRepository
from tocsin_paging.store.pages import PageRepository
from tocsin_paging.usecases.carry_out import carry_out, take_step
from tocsin_paging.usecases.make_pages import told
from tocsin_paging.usecases.pager import Pager

LONGEST_REASON = 500


async def still_wanted(uow: UnitOfWork, sending: Sending, *, pager: Pager) -> bool:
    """Say whether the page is to leave now. The case stays as it is until this commits, so an answer waits for it."""
    pages = PageRepository(uow.conn)
    page = await pages.get(sending.subject)
    if page is None:
        return False
    why_not = await _why_not(uow, page)
    if why_not is None:
        return True
    await pages.drop(page.id, reason=why_not)
    pager.figures.pages.labels(page.channel.value, PageState.DROPPED.value).inc()
    return False


async def record_page(uow: UnitOfWork, sending: Sending, outcome: Outcome, *, pager: Pager) -> None:
    """Write what the provider said; when nobody of the step can be reached, take the next step now."""
    incident_id = _incident(sending)
    escalations = EscalationRepository(uow.conn)
    unsent = not isinstance(outcome, Sent)
    case = await escalations.locked(incident_id) if unsent and incident_id else None
    page = await PageRepository(uow.conn).get(sending.subject, lock=True)
    if page is None:
        return
    page = _after(page, sending=sending, outcome=outcome, uow=uow)
    await PageRepository(uow.conn).save(page)
    pager.figures.pages.labels(page.channel.value, page.state.value).inc()
    await _tell(uow, page, pager=pager)
    if case and page.failing:
        await _step_on(uow, case, page, pager=pager)
    uow.announce("page")


async def page_stalled(uow: UnitOfWork, sending: Sending, reason: str, *, pager: Pager) -> None:
    """The page waits, as its provider does not answer. It counts as failing: nobody waits for that provider."""
    incident_id = _incident(sending)
    case = await EscalationRepository(uow.conn).locked(incident_id) if incident_id else None
    before = await PageRepository(uow.conn).get(sending.subject, lock=True)
    if before is None:
        return
    page = held_up(before, reason=f"waiting: {reason}"[:LONGEST_REASON])
    if page == before:
        return
    await PageRepository(uow.conn).save(page)
    if case:
        await _step_on(uow, case, page, pager=pager)
    uow.announce("page")


async def _step_on(uow: UnitOfWork, case: Case, page: Page, *, pager: Pager) -> None:
    """Take the next step now where nobody of the failing page's step can be reached."""
    if not await _all_failing(uow, page):
        return
    decision = all_channels_failed(case.escalation, step=page.step, round=page.round, now=uow.now)
    moved = await carry_out(uow, case, decision, pager=pager)
    if moved.escalation != case.escalation:
        await take_step(uow, moved, pager=pager)


async def _why_not(uow: UnitOfWork, page: Page) -> str | None:
    if page.incident_id is None:
        return None
    case = await EscalationRepository(uow.conn).shared(page.incident_id)
    if case is None:
        return "no_escalation"
    if case.escalation.state != State.TRIGGERED:
        return case.escalation.state.value
    return "followed_by_a_later_page" if await PageRepository(uow.conn).followed(page) else None


def _incident(sending: Sending) -> UUID | None:
    text = sending.payload.get("incident_id")
    return UUID(text) if text else None


def _after(page: Page, *, sending: Sending, outcome: Outcome, uow: UnitOfWork) -> Page:
    tried = replace(page, attempts=sending.attempt, may_repeat=sending.may_repeat)
    if isinstance(outcome, Sent):
        return accepted(tried, at=uow.now)
    reason = outcome.reason[:LONGEST_REASON]
    if isinstance(outcome, GiveUp):
        return refused(tried, reason=reason)
    after = outcome.after if isinstance(outcome, Retry) else None
    return tried_in_vain(tried, reason=reason, again_in=timedelta(seconds=after or 0), now=uow.now)


async def _tell(uow: UnitOfWork, page: Page, *, pager: Pager) -> None:
    if page.kind != PageKind.INCIDENT or page.incident_id is None:
        return
    if page.state == PageState.FAILED:
        reason = page.reason or "unknown"
        uow.emit(PageFailed(page=told(page), reason=reason, attempts=page.attempts))
    if page.state != PageState.SENT:
        return
    sent = PageSent(page=told(page), sent_at=uow.now, attempts=page.attempts, may_repeat=page.may_repeat)
    uow.emit(sent)
    if (page.round, page.step) != (1, 1):
        return
    detected_at = await EscalationRepository(uow.conn).detected_at(page.incident_id)
    if detected_at is not None:
        pager.figures.latency.observe(max(0.0, (uow.now - detected_at).total_seconds()))


async def _all_failing(uow: UnitOfWork, page: Page) -> bool:
    if page.incident_id is None:
        return False
    pages = await PageRepository(uow.conn).of_step(page.incident_id, round=page.round, step=page.step)
    return all(other.failing for other in pages)
