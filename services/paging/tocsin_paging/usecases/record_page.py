"""Before a page leaves: is it still wanted? After it: what became of it (R29-R31)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from tocsin_bus.sending import GiveUp, Retry, Sending, Sent, Tried, Unknown
from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_events.pages import PageFailed, PageSent
from tocsin_paging.domain.escalation import State, all_channels_failed
from tocsin_paging.domain.page import (
    Page,
    PageKind,
    PageState,
    Try,
    held_up,
    refused,
    tried_in_vain,
)
from tocsin_paging.store.escalations import Case, EscalationRepository
from tocsin_paging.store.pages import Accepted, Leaving, PageRepository
from tocsin_paging.usecases.carry_out import carry_out, take_step
from tocsin_paging.usecases.make_pages import told
from tocsin_paging.usecases.pager import Pager

LONGEST_REASON = 500


async def still_wanted(uow: UnitOfWork, sendings: Sequence[Sending], *, pager: Pager) -> set[UUID]:
    """Return the sendings whose pages are to leave now.

    Their cases stay as they are until this commits, so an answer waits for it. Pages are read once that is certain:
    a step that was being taken may have made later ones.
    """
    incidents = {incident_id for sending in sendings if (incident_id := _incident(sending))}
    states = await EscalationRepository(uow.conn).shared(incidents)
    pages = PageRepository(uow.conn)
    leaving = await pages.leaving([sending.subject for sending in sendings])
    wanted = set()
    for sending in sendings:
        page = leaving.get(sending.subject)
        if page is None:
            continue
        why_not = _why_not(page, states)
        if why_not is None:
            wanted.add(sending.id)
        else:
            await pages.drop(page.id, reason=why_not)
            pager.figures.pages.labels(page.channel.value, PageState.DROPPED.value).inc()
    return wanted


async def record_pages(uow: UnitOfWork, tried: Sequence[Tried], *, pager: Pager) -> None:
    """Write what the provider said of each."""
    taken = [one.sending for one in tried if isinstance(one.outcome, Sent)]
    if taken:
        await _record_sent(uow, taken, pager=pager)
    for one in tried:
        if not isinstance(one.outcome, Sent):
            await _record_unsent(uow, one.sending, one.outcome, pager=pager)


async def _record_sent(uow: UnitOfWork, taken: Sequence[Sending], *, pager: Pager) -> None:
    tries = [Try(sending.subject, sending.attempt, sending.may_repeat) for sending in taken]
    accepted = {one.page.id: one for one in await PageRepository(uow.conn).accept(tries, at=uow.now)}
    for sending in taken:
        if one := accepted.get(sending.subject):
            _tell_sent(uow, one, cause=sending.cause, pager=pager)


async def _record_unsent(
    uow: UnitOfWork, sending: Sending, outcome: Retry | GiveUp | Unknown, *, pager: Pager
) -> None:
    """When nobody of the step can be reached, take the next step now."""
    incident_id = _incident(sending)
    case = await EscalationRepository(uow.conn).locked(incident_id) if incident_id else None
    page = await PageRepository(uow.conn).get(sending.subject, lock=True)
    if page is None:
        return
    page = _after(page, sending=sending, outcome=outcome, uow=uow)
    await PageRepository(uow.conn).save(page)
    pager.figures.pages.labels(page.channel.value, page.state.value).inc()
    if page.incident_id is not None and page.state == PageState.FAILED:
        reason = page.reason or "unknown"
        uow.emit(PageFailed(page=told(page), reason=reason, attempts=page.attempts))
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


def _why_not(page: Leaving, states: Mapping[UUID, State]) -> str | None:
    if page.incident_id is None:
        return None
    state = states.get(page.incident_id)
    if state is None:
        return "no_escalation"
    if state != State.TRIGGERED:
        return state.value
    return "followed_by_a_later_page" if page.followed else None


def _incident(sending: Sending) -> UUID | None:
    text = sending.payload.get("incident_id")
    return UUID(text) if text else None


def _after(page: Page, *, sending: Sending, outcome: Retry | GiveUp | Unknown, uow: UnitOfWork) -> Page:
    tried = replace(page, attempts=sending.attempt, may_repeat=sending.may_repeat)
    reason = outcome.reason[:LONGEST_REASON]
    if isinstance(outcome, GiveUp):
        return refused(tried, reason=reason)
    after = outcome.after if isinstance(outcome, Retry) else None
    return tried_in_vain(tried, reason=reason, again_in=timedelta(seconds=after or 0), now=uow.now)


def _tell_sent(uow: UnitOfWork, accepted: Accepted, *, cause: Cause, pager: Pager) -> None:
    """Count it once that is certain: with others it may be written a second time."""
    page = accepted.page
    counted = pager.figures.pages.labels(page.channel.value, PageState.SENT.value)
    uow.after_commit(counted.inc)
    uow.announce("page")
    if page.kind != PageKind.INCIDENT:
        return
    sent = PageSent(page=told(page), sent_at=uow.now, attempts=page.attempts, may_repeat=page.may_repeat)
    uow.emit(sent, cause=cause)
    if (page.round, page.step) == (1, 1) and accepted.detected_at is not None:
        took = max(0.0, (uow.now - accepted.detected_at).total_seconds())
        uow.after_commit(lambda: pager.figures.latency.observe(took))


async def _all_failing(uow: UnitOfWork, page: Page) -> bool:
    if page.incident_id is None:
        return False
    pages = await PageRepository(uow.conn).of_step(page.incident_id, round=page.round, step=page.step)
    return all(other.failing for other in pages)
