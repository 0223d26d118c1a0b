"""Applies a decision: saves the incident, tells its story, tells the other services, sets its timers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_incidents.domain.incident import TOCSIN, Actor, Incident, Ref, unknown
from tocsin_incidents.domain.lifecycle import Decision, Fact
from tocsin_incidents.domain.promise import promised
from tocsin_incidents.domain.timeline import Entry, Kind
from tocsin_incidents.domain.wording import sentence
from tocsin_incidents.store.alerts import AlertRepository
from tocsin_incidents.store.incidents import IncidentRepository
from tocsin_incidents.store.timeline import TimelineRepository
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.telling import Words, event_of, snapshot
from tocsin_runtime.ids import new_id

DEADLINE = "response_deadline"
"""The kind of timer that fires when nobody has acknowledged in time."""

Check = Callable[[int | None], None]
"""Looks at the version that a change begins from, and raises when the caller had another in mind."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The incident as it now is, and the named reason; `changed` is False when it already was so."""

    incident: Incident
    reason: str
    changed: bool


async def take(uow: UnitOfWork, ref: Ref, *, check: Check | None = None) -> Incident:
    """The incident with its row lock. Raises NotFound, and whatever `check` raises."""
    incident = await IncidentRepository(uow.conn).lock(ref)
    if incident is None:
        raise unknown(ref)
    if check is not None:
        check(incident.version)
    return incident


async def record(
    uow: UnitOfWork,
    desk: Desk,
    *,
    before: Incident,
    decision: Decision,
    actor: Actor = TOCSIN,
    words: Words | None = None,
) -> Outcome:
    """Make a decision come true; the incident's lock is held. A decision that changes nothing is only reported."""
    words = words or Words()
    if decision.fact is None:
        return Outcome(before, decision.reason, changed=False)
    due = promised(before, decision, desk.rules, now=uow.now)
    after = await save_next(uow, replace(decision.after, next_update_due_at=due))
    await _tell_story(uow, before, after=after, decision=decision, actor=actor, words=words)
    uow.emit(
        event_of(
            decision.fact,
            before,
            after=snapshot(after, desk.rules),
            actor=actor,
            reason=decision.reason,
            words=words,
        )
    )
    await _follow_up(uow, before, after=after, fact=decision.fact)
    _measure(uow, desk, after=after, fact=decision.fact)
    return Outcome(after, decision.reason, changed=True)


async def save_next(uow: UnitOfWork, after: Incident) -> Incident:
    """Store it under its next version, and let open pages know."""
    after = replace(after, version=after.version + 1)
    await IncidentRepository(uow.conn).save(after)
    announce(uow, after.number)
    return after


def announce(uow: UnitOfWork, number: int) -> None:
    """Lists and the incident's own page are out of date."""
    uow.announce("incident")
    uow.announce(f"incident-{number}")


def schedule_deadline(uow: UnitOfWork, incident: Incident) -> None:
    """Watch the response deadline; a later one makes this timer idle."""
    uow.schedule(DEADLINE, incident.id, incident.response_due_at, generation=incident.version)


async def _tell_story(
    uow: UnitOfWork, before: Incident, *, after: Incident, decision: Decision, actor: Actor, words: Words
) -> None:
    assert decision.fact is not None
    title = words.title or sentence(decision.fact, before, after=after, reason=decision.reason)
    entry = Entry(
        new_id(),
        after.id,
        at=uow.now,
        kind=Kind(decision.fact.value),
        title=title,
        text=words.text,
        actor=actor,
        data={
            "reason": decision.reason,
            "status": str(after.status),
            "severity": str(after.severity),
            **(words.data or {}),
        },
    )
    await TimelineRepository(uow.conn).add(entry)


async def _follow_up(uow: UnitOfWork, before: Incident, *, after: Incident, fact: Fact) -> None:
    if fact is Fact.RESOLVED:
        await AlertRepository(uow.conn).let_go(after.id)
    if fact is Fact.REOPENED:
        await AlertRepository(uow.conn).take_back(after.id)
    if after.is_open and before.response_due_at != after.response_due_at:
        schedule_deadline(uow, after)


def _measure(uow: UnitOfWork, desk: Desk, *, after: Incident, fact: Fact) -> None:
    measures, severity = desk.measures, str(after.severity)
    if fact is Fact.ACKNOWLEDGED and after.acknowledged_at == uow.now:
        seconds = (uow.now - after.started_at).total_seconds()
        uow.after_commit(lambda: measures.acknowledged_after.labels(severity).observe(seconds))
    if fact is Fact.RESPONSE_OVERDUE:
        uow.after_commit(lambda: measures.overdue.labels(severity).inc())
