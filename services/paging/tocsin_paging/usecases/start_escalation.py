"""Incidents opened: their escalations start, and the pages of the first steps are made in the same breath."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_events.incidents import Incident, IncidentStatus
from tocsin_events.pages import PageUndeliverable
from tocsin_paging.domain.escalation import Escalation, State, acknowledge, advance, started
from tocsin_paging.domain.message import About
from tocsin_paging.domain.policy import LAST_RESORT, Policy
from tocsin_paging.store.escalations import Answer, Case, EscalationRepository
from tocsin_paging.store.policies import PolicyRepository
from tocsin_paging.usecases.carry_out import Moved, bring_about, note
from tocsin_paging.usecases.pager import Pager
from tocsin_paging.usecases.roster import Gathered, gather


@dataclass(frozen=True)
class Opened:
    """An incident that opened, and why what follows from that does."""

    incident: Incident
    cause: Cause


async def start_escalations(
    uow: UnitOfWork, opened: Sequence[Opened], *, pager: Pager, at_once: bool = False
) -> None:
    """Freeze each policy into a new escalation and take its first step. An incident that has one keeps it.

    Each is written once, as it is after that step: nobody else sees it before this commits. `at_once`: nor does
    anything else happen to it in this unit of work, so that its pages may leave right after.
    """
    policies = await policies_for(uow, [one.incident for one in opened])
    rosters: dict[UUID, Gathered] = {}
    begun: dict[UUID, Moved] = {}
    for one in opened:
        incident_id = one.incident.incident_id
        if incident_id not in begun:
            case = _new_case(uow, one.incident, policy=policies[incident_id], pager=pager)
            begun[incident_id] = await _begin(uow, one, case=case, rosters=rosters)
    added = await EscalationRepository(uow.conn).add([one.case for one in begun.values()], now=uow.now)
    moved = [move for incident_id, move in begun.items() if incident_id in added]
    for move in moved:
        note(move.decision, pager=pager)
        if move.case.escalation.state == State.TRIGGERED:
            tell_without_policy(uow, move.case.escalation, cause=move.cause)
    await bring_about(uow, moved, pager=pager, at_once=at_once)


async def add_case(uow: UnitOfWork, incident: Incident, *, pager: Pager) -> None:
    """Write the incident's case, of which nothing is done yet, unless it has one already."""
    policies = await policies_for(uow, [incident])
    case = _new_case(uow, incident, policy=policies[incident.incident_id], pager=pager)
    await EscalationRepository(uow.conn).add([case], now=uow.now)


async def policies_for(uow: UnitOfWork, incidents: Sequence[Incident]) -> dict[UUID, Policy]:
    """Return each incident's policy as it is now, else the default one, else the last resort."""
    named = {incident.escalation_policy_id for incident in incidents if incident.escalation_policy_id}
    stored = await PolicyRepository(uow.conn).these_or_default(named)
    default = next((one.policy for one in stored if one.is_default), LAST_RESORT)
    known: dict[UUID | None, Policy] = {one.policy.id: one.policy for one in stored}
    return {incident.incident_id: known.get(incident.escalation_policy_id, default) for incident in incidents}


def tell_without_policy(uow: UnitOfWork, escalation: Escalation, *, cause: Cause) -> None:
    """Where the last resort runs, tell that no policy covers the incident."""
    if escalation.policy.id == LAST_RESORT.id:
        event = PageUndeliverable(incident_id=escalation.incident_id, at=uow.now, step=0, reason="no_policy")
        uow.emit(event, cause=cause)


def about(incident: Incident, *, pager: Pager) -> About:
    """Return what pages say about the incident."""
    return About(
        number=incident.number,
        title=incident.title,
        severity=incident.severity.value,
        url=pager.links.incident_url(incident.number),
        service=incident.service,
        runbook_url=incident.runbook_url,
        drill=incident.drill,
    )


def _new_case(uow: UnitOfWork, incident: Incident, *, policy: Policy, pager: Pager) -> Case:
    return Case(
        started(incident.incident_id, policy, at=uow.now),
        about=about(incident, pager=pager),
        detected_at=incident.detected_at,
        started_at=uow.now,
    )


async def _begin(uow: UnitOfWork, opened: Opened, *, case: Case, rosters: dict[UUID, Gathered]) -> Moved:
    """Decide the first step. New escalations of one policy aim at the same people: `rosters` has them by policy."""
    incident, policy = opened.incident, case.escalation.policy
    if incident.status != IncidentStatus.DETECTED:
        return _acknowledged(uow, opened, case=case)
    if policy.id not in rosters:
        rosters[policy.id] = await gather(uow, case.escalation)
    found = rosters[policy.id]
    decision = advance(case.escalation, found.roster, now=uow.now, administrators=found.administrators)
    return Moved(case.now(decision.after), decision, opened.cause, found.contacts)


def _acknowledged(uow: UnitOfWork, opened: Opened, *, case: Case) -> Moved:
    """Somebody declared it and has it already: nobody is woken unless they fall silent."""
    by = opened.incident.assignee_id or opened.incident.declared_by
    decision = acknowledge(case.escalation, by, at=uow.now)
    answered = replace(case, answer=Answer("whoever declared it", at=uow.now, via="incident"))
    return Moved(answered.now(decision.after), decision, opened.cause)
