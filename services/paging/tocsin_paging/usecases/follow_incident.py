"""What happens to incidents elsewhere, and what it means for their escalations. What no longer applies is let go."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from tocsin_bus.subscriptions import Heard
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.incidents import (
    Incident,
    IncidentAcknowledged,
    IncidentClosed,
    IncidentEvent,
    IncidentNoteAdded,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentSeverityChanged,
    IncidentStatus,
    IncidentStatusChanged,
    IncidentUpdatePosted,
)
from tocsin_events.pages import AcknowledgementExpired
from tocsin_paging.domain.escalation import Decision, Reason, State, extend, raised, reopen, resolve
from tocsin_paging.store.escalations import Answer, Case, EscalationRepository
from tocsin_paging.usecases.acknowledge import let_sends_begin, take_answer
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

FOLLOWED = (
    IncidentOpened, IncidentAcknowledged, IncidentSeverityChanged, IncidentResolved, IncidentClosed, IncidentReopened,
    IncidentStatusChanged, IncidentUpdatePosted, IncidentNoteAdded,
)  # fmt: skip
"""The events that mean something for an escalation."""


async def follow(uow: UnitOfWork, heard: Sequence[Heard], *, pager: Pager) -> None:
    """Bring the escalations up to what was told, in its order for each of them, in one transaction.

    What is new goes in first, and what there was is locked after that, at once and in the order of ids, as a claim of
    pages does it: so none waits for another that waits for it. All answers wait for pages together, at the end.
    """
    opened = [Opened(one.event.incident, one.cause) for one in heard if isinstance(one.event, IncidentOpened)]
    if opened:
        await start_escalations(uow, opened, pager=pager, at_once=len(heard) == len(opened))
    later = [one for one in heard if not isinstance(one.event, IncidentOpened)]
    cases = await EscalationRepository(uow.conn).locked_all({one.event.key for one in later})
    answered = set[UUID]()
    for one in later:
        uow.cause, incident_id = one.cause, one.event.key
        before = cases.get(incident_id)
        after = await _hear(uow, before, one.event, pager=pager)
        if after is not None:
            cases[incident_id] = after
        if _answers(before, after):
            answered.add(incident_id)
    await let_sends_begin(uow, answered)


async def told_ahead(uow: UnitOfWork, event: IncidentEvent, *, pager: Pager) -> None:
    """An answer or the end before whoever gave it is answered, and before the bus brings what led to it: all that is
    past then (R27).
    """
    escalations, incident = EscalationRepository(uow.conn), event.incident
    if await escalations.get(incident.incident_id) is None:  # the bus has not brought the incident yet
        await add_case(uow, incident, pager=pager)
    await follow(uow, [Heard(event, uow.cause)], pager=pager)
    case = await escalations.locked(incident.incident_id)
    if case and case.told_version < incident.version:
        await escalations.save(replace(case, told_version=incident.version), now=uow.now)
    if isinstance(event, IncidentResolved):
        await let_sends_begin(uow, [incident.incident_id])


async def _hear(uow: UnitOfWork, case: Case | None, event: IncidentEvent, *, pager: Pager) -> Case | None:
    """Return the case, which is locked, as it is after this; it tells of the incident as that now is."""
    if case is None:
        return await _unheard_of(uow, event, pager=pager)
    if event.incident.version <= case.told_version:
        return case  # past
    case = replace(case, about=about(event.incident, pager=pager))
    match event:
        case IncidentAcknowledged(from_paging=True):
            return await _heard_back(uow, case)
        case IncidentAcknowledged():
            return await _acknowledged(uow, case, event, pager=pager)
        case IncidentSeverityChanged():
            return await _severity_changed(uow, case, event, pager=pager)
        case IncidentResolved() | IncidentClosed():
            return await carry_out(uow, case, resolve(case.escalation), pager=pager)
        case IncidentReopened():
            return await _reopened(uow, case, event.incident, pager=pager)
        case _:
            return await _activity(uow, case, event, pager=pager)


async def _unheard_of(uow: UnitOfWork, event: IncidentEvent, *, pager: Pager) -> Case | None:
    """What is open again starts all the same. Its row is new, so that whoever waits for it holds nothing else."""
    if not isinstance(event, IncidentReopened):
        return None
    await start_escalations(uow, [Opened(event.incident, uow.cause)], pager=pager)
    return await EscalationRepository(uow.conn).locked(event.incident.incident_id)


async def _acknowledged(uow: UnitOfWork, case: Case, event: IncidentEvent, *, pager: Pager) -> Case:
    """The incidents service took the answer: the escalation stops, and nothing is told back."""
    answer = Answer("Tocsin" if event.by_rule else event.actor_name or "", at=uow.now, via="incident")
    return (await take_answer(uow, case, answer, by=event.actor_id, pager=pager)).case


async def _heard_back(uow: UnitOfWork, case: Case) -> Case:
    """What paging told itself. It stopped the escalation then; one that has begun anew since was not answered by it."""
    await EscalationRepository(uow.conn).save(case, now=uow.now)
    return case


async def _severity_changed(
    uow: UnitOfWork, case: Case, event: IncidentSeverityChanged, *, pager: Pager
) -> Case:
    """Graver than before: everybody is paged again from step 1. Milder: later pages say so."""
    graver = event.incident.severity.value < event.previous.value  # SEV-1 is the gravest
    if not graver:
        await EscalationRepository(uow.conn).save(case, now=uow.now)
        return case
    decision = raised(case.escalation, at=uow.now, by_somebody=not event.by_rule)
    if decision.reason == Reason.RAISED and case.escalation.state == State.ACKNOWLEDGED:
        uow.emit(_no_longer_holds(case, uow=uow))
    return await _again(uow, case, decision, pager=pager)


async def _reopened(uow: UnitOfWork, case: Case, incident: Incident, *, pager: Pager) -> Case:
    """It was not over: the policy as it is now runs from step 1."""
    policies = await policies_for(uow, [incident])
    decision = reopen(case.escalation, policies[incident.incident_id], at=uow.now)
    if decision.reason == Reason.REOPENED:
        tell_without_policy(uow, decision.after, cause=uow.cause)
    return await _again(uow, case, decision, pager=pager)


async def _activity(uow: UnitOfWork, case: Case, event: IncidentEvent, *, pager: Pager) -> Case:
    """Somebody works on it: an acknowledgement holds on, and who works on it without one has answered."""
    if event.by_rule:
        return case
    if case.escalation.state == State.TRIGGERED and event.incident.status != IncidentStatus.DETECTED:
        return await _acknowledged(uow, case, event, pager=pager)
    return await carry_out(uow, case, extend(case.escalation, at=uow.now), pager=pager)


async def _again(uow: UnitOfWork, case: Case, decision: Decision, *, pager: Pager) -> Case:
    moved = await carry_out(uow, case, decision, pager=pager)
    return moved if decision.after == case.escalation else await take_step(uow, moved, pager=pager)


def _answers(before: Case | None, after: Case | None) -> bool:
    was_answered = before is not None and before.escalation.state == State.ACKNOWLEDGED
    return not was_answered and after is not None and after.escalation.state == State.ACKNOWLEDGED


def _no_longer_holds(case: Case, *, uow: UnitOfWork) -> AcknowledgementExpired:
    return AcknowledgementExpired(
        incident_id=case.escalation.incident_id,
        at=uow.now,
        user_id=case.escalation.acknowledged_by,
        reason="severity_raised",
    )
