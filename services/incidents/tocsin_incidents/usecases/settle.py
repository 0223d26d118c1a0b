"""Counts the alerts that have joined an incident, or ended, and draws the conclusion: many at once."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from tocsin_bus.unit_of_work import OpenUnitOfWork, UnitOfWork
from tocsin_events.incidents import IncidentAlertJoined
from tocsin_incidents.domain.incident import Incident
from tocsin_incidents.domain.lifecycle import reopen, resolve
from tocsin_incidents.domain.timeline import Entry, Kind
from tocsin_incidents.domain.wording import WHY, count_of
from tocsin_incidents.store.alerts import AlertRepository, Settled
from tocsin_incidents.store.incidents import IncidentRepository
from tocsin_incidents.store.timeline import TimelineRepository
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.record import record, save_next
from tocsin_incidents.usecases.telling import snapshot
from tocsin_runtime.ids import new_id

SMALL = 10
"""An incident with fewer alerts is counted at once, so that people see each alert come."""

QUIET = timedelta(seconds=1)
"""A larger one is counted at most so often: a storm makes one entry and one event a second."""

MOST = 1000
"""Alerts told in one event."""


async def settle_all(open_uow: OpenUnitOfWork, desk: Desk) -> int:
    """Settle every incident that is due, each in a unit of work of its own. Returns how many there were.

    Raises an ExceptionGroup of what failed, once all others are settled.
    """
    async with open_uow() as uow:
        due = await AlertRepository(uow.conn).unsettled(now=uow.now, quiet=QUIET, small=SMALL)
    settled, failures = 0, []
    for incident_id in due:
        try:
            async with open_uow() as uow:
                settled += await settle_one(uow, desk, incident_id=incident_id)
        except Exception as error:  # noqa: BLE001 - raised below: one incident must not hold up the others
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(due)} incidents could not be settled", failures)
    return settled


async def settle_one(uow: UnitOfWork, desk: Desk, *, incident_id: UUID) -> bool:
    """Settle one incident; False when another replica already has."""
    incident = await IncidentRepository(uow.conn).lock(incident_id)
    if incident is None:
        return False
    pending = await AlertRepository(uow.conn).settle(incident_id, most=MOST)
    if not pending.total:
        return False
    incident = await _count(uow, desk, incident=incident, pending=pending)
    await _conclude(uow, desk, incident=incident, pending=pending)
    if pending.total < MOST:
        await IncidentRepository(uow.conn).mark_settled(incident_id, now=uow.now)
    return True


async def settle_before(uow: UnitOfWork, desk: Desk, *, incident: Incident) -> Incident:
    """Count what had come before somebody ends the incident, so that only what comes later reopens it."""
    pending = await AlertRepository(uow.conn).settle(incident.id, most=MOST)
    return await _count(uow, desk, incident=incident, pending=pending) if pending.total else incident


async def _count(uow: UnitOfWork, desk: Desk, *, incident: Incident, pending: Settled) -> Incident:
    counted = replace(
        incident,
        alert_count=incident.alert_count + len(pending.joined),
        firing_count=max(0, incident.firing_count + pending.joined_firing - pending.ended),
    )
    counted = await save_next(uow, counted)
    if entries := _entries(uow, counted, pending=pending):
        await TimelineRepository(uow.conn).add(*entries)
    if pending.joined:
        first = pending.joined[0]
        uow.emit(
            IncidentAlertJoined(
                incident=snapshot(counted, desk.rules),
                alert_id=first.alert_id,
                title=first.title,
                alert_ids=[alert.alert_id for alert in pending.joined],
                reason=first.reason,
            ),
            cause=pending.joined_by,
        )
    return counted


async def _conclude(uow: UnitOfWork, desk: Desk, *, incident: Incident, pending: Settled) -> None:
    """An alert that fires reopens what was over when it came; the last one that clears may resolve.

    What came too late and is over itself may have brought a group of its own: that may open another incident.
    """
    if not incident.is_open and pending.joined_firing:
        uow.cause = pending.fired_by or uow.cause
        again = reopen(incident, desk.rules, now=uow.now, reason="alert_fired_again")
        await record(uow, desk, before=incident, decision=again)
    elif not incident.is_open and pending.joined:
        await AlertRepository(uow.conn).let_go(incident.id)
    elif pending.only_followed:
        return  # where it is open, a person has reopened it since
    elif incident.is_open and incident.auto_resolve and not incident.firing_count:
        uow.cause = pending.ended_by or uow.cause
        over = resolve(incident, now=uow.now, reason="alerts_cleared")
        await record(uow, desk, before=incident, decision=over)


def _entries(uow: UnitOfWork, incident: Incident, *, pending: Settled) -> list[Entry]:
    entries = []
    if pending.joined:
        first, others = pending.joined[0], len(pending.joined) - 1
        more = f" and {count_of(others, 'other alert')}" if others else ""
        ids: list[object] = [str(alert.alert_id) for alert in pending.joined]
        data: dict[str, object] = {"reason": first.reason, "alert_ids": ids[:100], "count": others + 1}
        title = f"“{first.title}”{more} joined: {WHY[first.reason]}"
        entries.append(
            Entry(new_id(), incident.id, at=uow.now, kind=Kind.ALERTS_JOINED, title=title, data=data)
        )
    if pending.ended_with:
        title = f"{count_of(pending.ended_with, 'alert')} ended with the incident"
        data = {"count": pending.ended_with, "reason": "resolved_with_incident"}
        entries.append(
            Entry(new_id(), incident.id, at=uow.now, kind=Kind.ALERTS_CLEARED, title=title, data=data)
        )
    if cleared := pending.ended - pending.ended_with:
        still = f"{incident.firing_count} still firing" if incident.firing_count else "none fires any more"
        title = f"{count_of(cleared, 'alert')} cleared, {still}"
        data = {"count": cleared, "firing": incident.firing_count}
        entries.append(
            Entry(new_id(), incident.id, at=uow.now, kind=Kind.ALERTS_CLEARED, title=title, data=data)
        )
    return entries
