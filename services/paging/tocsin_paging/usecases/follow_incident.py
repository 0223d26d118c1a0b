"""What happens to an incident elsewhere, and what it means for its escalation. What no longer applies is let go."""

from dataclasses import replace
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.incidents import Incident, IncidentEvent, IncidentSeverityChanged, IncidentStatus
from tocsin_events.pages import AcknowledgementExpired
from tocsin_paging.domain.escalation import Decision, Reason, State, extend, raised, reopen, resolve
from tocsin_paging.store.escalations import Case, EscalationRepository
from tocsin_paging.usecases.acknowledge import Person, acknowledge_incident, let_sends_begin
from tocsin_paging.usecases.carry_out import carry_out, take_step
from tocsin_paging.usecases.pager import Pager
from tocsin_paging.usecases.start_escalation import (
    Opened,
    about,
    add_case,
    policies_for,
    start_escalations,
    tell_without_policy,
)

NOBODY = Person(UUID(int=0), name="Tocsin")


async def acknowledged_elsewhere(uow: UnitOfWork, event: IncidentEvent, *, pager: Pager) -> None:
    """The incidents service took the answer: the escalation stops, and nothing is told back."""
    case = await _case(uow, event.incident, pager=pager)
    if case:
        by = Person(event.actor_id, name=event.actor_name or "") if event.actor_id else NOBODY
        incident_id = event.incident.incident_id
        await acknowledge_incident(uow, incident_id, by, via="incident", pager=pager, tell=False)


async def acknowledged_ahead(uow: UnitOfWork, event: IncidentEvent, *, pager: Pager) -> None:
    """The same before that answer is given, and before the bus brings what led to it: all that is past then (R27)."""
    await _known(uow, event.incident, pager=pager)
    await acknowledged_elsewhere(uow, event, pager=pager)
    await _past_until(uow, event.incident)


async def resolved_ahead(uow: UnitOfWork, incident: Incident, *, pager: Pager) -> None:
    """It is over, says whoever is being answered: what the bus still brings of it before that is past."""
    await _known(uow, incident, pager=pager)
    await resolved(uow, incident, pager=pager)
    await _past_until(uow, incident)
    await let_sends_begin(uow, incident.incident_id)


async def severity_changed(uow: UnitOfWork, event: IncidentSeverityChanged, *, pager: Pager) -> None:
    """Graver than before: everybody is paged again from step 1. Milder: later pages say so."""
    case = await _case(uow, event.incident, pager=pager)
    if case is None:
        return
    graver = event.incident.severity.value < event.previous.value  # SEV-1 is the gravest
    if not graver:
        await EscalationRepository(uow.conn).save(case, now=uow.now)
        return
    decision = raised(case.escalation, at=uow.now, by_person=event.actor_id is not None)
    if decision.reason == Reason.RAISED and case.escalation.state == State.ACKNOWLEDGED:
        uow.emit(_no_longer_holds(case, uow=uow))
    await _again(uow, case, decision, pager=pager)


async def resolved(uow: UnitOfWork, incident: Incident, *, pager: Pager) -> None:
    """It is over: nothing more is due, and pages on their way are dropped."""
    case = await _case(uow, incident, pager=pager)
    if case:
        await carry_out(uow, case, resolve(case.escalation), pager=pager)


async def reopened(uow: UnitOfWork, incident: Incident, *, pager: Pager) -> None:
    """It was not over: the policy as it is now runs from step 1."""
    case = await _case(uow, incident, pager=pager)
    if case is None:
        await start_escalations(uow, [Opened(incident, uow.cause)], pager=pager)
        return
    policies = await policies_for(uow, [incident])
    decision = reopen(case.escalation, policies[incident.incident_id], at=uow.now)
    if decision.reason == Reason.REOPENED:
        tell_without_policy(uow, decision.after, cause=uow.cause)
    await _again(uow, case, decision, pager=pager)


async def activity(uow: UnitOfWork, event: IncidentEvent, *, pager: Pager) -> None:
    """A person works on it: an acknowledgement holds on, and who works on it without one has answered."""
    if event.actor_id is None:
        return
    case = await _case(uow, event.incident, pager=pager)
    if case is None:
        return
    if case.escalation.state == State.TRIGGERED and event.incident.status != IncidentStatus.DETECTED:
        await acknowledged_elsewhere(uow, event, pager=pager)
    else:
        await carry_out(uow, case, extend(case.escalation, at=uow.now), pager=pager)


async def _again(uow: UnitOfWork, case: Case, decision: Decision, *, pager: Pager) -> None:
    moved = await carry_out(uow, case, decision, pager=pager)
    if decision.after != case.escalation:
        await take_step(uow, moved, pager=pager)


async def _case(uow: UnitOfWork, incident: Incident, *, pager: Pager) -> Case | None:
    """Return the locked case, which from now on tells of the incident as it now is; None for what is past."""
    case = await EscalationRepository(uow.conn).locked(incident.incident_id)
    if case is None or incident.version <= case.told_version:
        return None
    return replace(case, about=about(incident, pager=pager))


async def _known(uow: UnitOfWork, incident: Incident, *, pager: Pager) -> None:
    """See to it that there is a case, also when the bus has not brought the incident yet."""
    if await EscalationRepository(uow.conn).get(incident.incident_id) is None:
        await add_case(uow, incident, pager=pager)


async def _past_until(uow: UnitOfWork, incident: Incident) -> None:
    escalations = EscalationRepository(uow.conn)
    case = await escalations.locked(incident.incident_id)
    if case and case.told_version < incident.version:
        await escalations.save(replace(case, told_version=incident.version), now=uow.now)


def _no_longer_holds(case: Case, *, uow: UnitOfWork) -> AcknowledgementExpired:
    return AcknowledgementExpired(
        incident_id=case.escalation.incident_id,
        at=uow.now,
        user_id=case.escalation.acknowledged_by,
        reason="severity_raised",
    )
