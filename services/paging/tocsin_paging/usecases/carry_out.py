"""Carries out what was decided about an escalation: state, pages, timer and events, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_events.pages import EscalationExhausted, PageUndeliverable
from tocsin_paging.domain.contact import Contact
from tocsin_paging.domain.escalation import Decision, Escalation, Reason, State, advance
from tocsin_paging.domain.message import what_to_configure, whom_to_make_reachable
from tocsin_paging.domain.page import PageKind
from tocsin_paging.domain.policy import LAST_RESORT
from tocsin_paging.store.escalations import Case, EscalationRepository
from tocsin_paging.usecases.make_pages import Draft, Occasion, drafts_for, make_pages
from tocsin_paging.usecases.pager import Pager
from tocsin_paging.usecases.roster import gather

log = structlog.get_logger("tocsin.paging")
STEP_TIMER, EXPIRY_TIMER = "escalation_step", "acknowledgement_expiry"


@dataclass(frozen=True)
class Moved:
    """A case as it now is, by which decision, and why that was taken. `contacts` are those that its pages name."""

    case: Case
    decision: Decision
    cause: Cause
    contacts: Mapping[UUID, Contact] = field(default_factory=dict)


async def take_step(uow: UnitOfWork, case: Case, *, pager: Pager, also: UUID | None = None) -> Case:
    """Take the step that is due now, if one is; hold the case's lock. `also` is a person who is told as well."""
    gathered = await gather(uow, case.escalation, also=also)
    decision = advance(case.escalation, gathered.roster, now=uow.now, administrators=gathered.administrators)
    return await carry_out(uow, case, decision, pager=pager, contacts=gathered.contacts)


async def carry_out(
    uow: UnitOfWork,
    case: Case,
    decision: Decision,
    *,
    pager: Pager,
    contacts: Mapping[UUID, Contact] | None = None,
) -> Case:
    """Store the decision and cause what it says. Returns the case as it now is."""
    note(decision, pager=pager)
    if decision.after == case.escalation:
        return case
    case = case.now(decision.after)
    await EscalationRepository(uow.conn).save(case, now=uow.now)
    await bring_about(uow, [Moved(case, decision, uow.cause, contacts or {})], pager=pager)
    return case


def note(decision: Decision, *, pager: Pager) -> None:
    """Count the decision, and log it."""
    pager.figures.decisions.labels(decision.reason.value).inc()
    incident_id = str(decision.after.incident_id)
    log.info("escalation.decided", incident_id=incident_id, reason=decision.reason.value)


async def bring_about(
    uow: UnitOfWork, moved: Sequence[Moved], *, pager: Pager, at_once: bool = False
) -> None:
    """Cause what these decisions say; the cases are stored as they now are, `at_once`: and as they will be."""
    drafts = (draft for one in moved for draft in _drafts(one, uow=uow, pager=pager))
    await make_pages(uow, drafts, at_once=at_once)
    for one in moved:
        uow.cause = one.cause
        arm(uow, one.case.escalation)
        _tell(uow, one.decision)
        uow.announce("page")


def arm(uow: UnitOfWork, escalation: Escalation) -> None:
    """Set the timer of what comes next; older ones no longer apply, as their generation tells."""
    if escalation.next_at is not None:
        due, kind = escalation.next_at, STEP_TIMER
    elif escalation.ack_expires_at is not None:
        due, kind = escalation.ack_expires_at, EXPIRY_TIMER
    else:
        return
    uow.schedule(kind, escalation.incident_id, due, generation=escalation.generation)


def is_current(case: Case | None, *, generation: int, state: State) -> bool:
    """Say whether a timer still applies to the case."""
    if case is None:
        return False
    return case.escalation.state == state and case.escalation.generation == generation


def _drafts(moved: Moved, *, uow: UnitOfWork, pager: Pager) -> list[Draft]:
    return drafts_for(
        moved.decision.pages,
        occasion=_occasion(moved.case, reason=moved.decision.reason, pager=pager),
        contacts=moved.contacts,
        cause=moved.cause,
        now=uow.now,
        pager=pager,
    )


def _occasion(case: Case, *, reason: Reason, pager: Pager) -> Occasion:
    policy, notice = case.escalation.policy, ""
    if policy.id == LAST_RESORT.id:
        notice = what_to_configure(pager.links.policies_url())
    elif reason == Reason.ADMINISTRATORS:
        notice = whom_to_make_reachable(policy.name, policies_url=pager.links.policies_url())
    return Occasion(
        PageKind.INCIDENT,
        title=case.about.title,
        incident_id=case.escalation.incident_id,
        about=case.about,
        notice=notice,
        round=case.escalation.round,
        step=case.escalation.step,
    )


def _tell(uow: UnitOfWork, decision: Decision) -> None:
    incident_id, at = decision.after.incident_id, uow.now
    for unreached in decision.unreached:
        uow.emit(
            PageUndeliverable(incident_id=incident_id, at=at, step=unreached.step, reason=unreached.reason)
        )
    if decision.reason == Reason.EXHAUSTED:
        uow.emit(EscalationExhausted(incident_id=incident_id, at=at, rounds=decision.after.round))
