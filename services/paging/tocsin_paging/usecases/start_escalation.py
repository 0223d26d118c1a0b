"""An incident opened: its escalation starts, and the pages of the first step are made in the same breath."""

from dataclasses import replace

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.incidents import Incident, IncidentStatus
from tocsin_events.pages import PageUndeliverable
from tocsin_paging.domain.escalation import Escalation, acknowledge, started
from tocsin_paging.domain.message import About
from tocsin_paging.domain.policy import LAST_RESORT, Policy
from tocsin_paging.store.escalations import Answer, Case, EscalationRepository
from tocsin_paging.store.policies import PolicyRepository
from tocsin_paging.usecases.carry_out import carry_out, take_step
from tocsin_paging.usecases.pager import Pager


async def start_escalation(uow: UnitOfWork, incident: Incident, *, pager: Pager) -> None:
    """Freeze the policy into a new escalation and take its first step. An incident that has one keeps it."""
    case = await new_case(uow, incident, pager=pager)
    if case is None:
        return
    if incident.status != IncidentStatus.DETECTED:
        await _start_acknowledged(uow, case, incident=incident, pager=pager)
    else:
        tell_without_policy(uow, case.escalation)
        await take_step(uow, case, pager=pager)


async def new_case(uow: UnitOfWork, incident: Incident, *, pager: Pager) -> Case | None:
    """Return the incident's new case, of which nothing is done yet; None when it has one already."""
    policy = await policy_for(uow, incident)
    case = Case(
        started(incident.incident_id, policy, at=uow.now),
        about=about(incident, pager=pager),
        detected_at=incident.detected_at,
        started_at=uow.now,
        service_id=incident.service_id,
    )
    return case if await EscalationRepository(uow.conn).add(case, now=uow.now) else None


async def policy_for(uow: UnitOfWork, incident: Incident) -> Policy:
    """Return the incident's policy as it is now, else the default one, else the last resort."""
    policies = PolicyRepository(uow.conn)
    stored = None
    if incident.escalation_policy_id:
        stored = await policies.get(incident.escalation_policy_id)
    stored = stored or await policies.default()
    return stored.policy if stored else LAST_RESORT


def tell_without_policy(uow: UnitOfWork, escalation: Escalation) -> None:
    """Where the last resort runs, tell that no policy covers the incident."""
    if escalation.policy.id == LAST_RESORT.id:
        incident_id = escalation.incident_id
        uow.emit(PageUndeliverable(incident_id=incident_id, at=uow.now, step=0, reason="no_policy"))


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


async def _start_acknowledged(uow: UnitOfWork, case: Case, *, incident: Incident, pager: Pager) -> None:
    """Somebody declared it and has it already: nobody is woken unless they fall silent."""
    decision = acknowledge(case.escalation, incident.assignee_id or incident.declared_by, at=uow.now)
    answered = replace(case, answer=Answer("whoever declared it", at=uow.now, via="incident"))
    await carry_out(uow, answered, decision, pager=pager)
