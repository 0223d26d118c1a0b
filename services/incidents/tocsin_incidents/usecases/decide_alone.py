"""Alerts whose groups have no open incident: decided under the lock by which a service opens one after another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_incidents.domain.alert import Firing
from tocsin_incidents.domain.catalogue import Service, folded
from tocsin_incidents.domain.correlation import Decision, Known, Turn, correlate_in_turn, may_reopen
from tocsin_incidents.store.alerts import AlertRepository, FirstLook, SecondLook
from tocsin_incidents.store.services import ServiceRepository
from tocsin_incidents.usecases.desk import Desk
from tocsin_runtime.ids import new_id


@dataclass(frozen=True, slots=True)
class Lone:
    """An alert, what led to it, and what the first look found: no open incident of its group."""

    alert: Firing
    cause: Cause
    look: FirstLook


@dataclass(frozen=True, slots=True)
class Placing:
    """An alert with what is decided for it, down to the id of a new incident, which is of `service`."""

    alert: Firing
    cause: Cause
    decision: Decision
    service: Service | None = None


async def decide_alone(uow: UnitOfWork, desk: Desk, *, lone: Sequence[Lone]) -> list[Placing]:
    """Decide for alerts of different groups, one after another; two statements however many they are.

    A third one where an incident may be reopened, for that may take back groups of the others.
    """
    if not lone:
        return []
    store, named = AlertRepository(uow.conn), await _named(uow, [one.alert for one in lone])
    services = [_service_id(one, named) for one in lone]
    await store.lock_opening(
        {service or one.alert.group_id for one, service in zip(lone, services, strict=True)}
    )
    looks = await store.second_looks(
        [(one.alert.group_id, service) for one, service in zip(lone, services, strict=True)]
    )
    were_of = await _were_of(uow, desk, lone, looks)
    turns = [
        _turn(one, look, were_of.get(one.alert.group_id, frozenset()))
        for one, look in zip(lone, looks, strict=True)
    ]
    decisions = correlate_in_turn(turns, rules=desk.rules, now=uow.now)
    return [
        Placing(one.alert, one.cause, decision, look.service)
        for one, look, decision in zip(lone, looks, decisions, strict=True)
    ]


async def _were_of(
    uow: UnitOfWork, desk: Desk, lone: Sequence[Lone], looks: Sequence[SecondLook]
) -> dict[UUID, frozenset[UUID]]:
    """By group, those incidents it has belonged to that one of these alerts may reopen."""
    lasts = [look.last for look in looks if look.last is not None]
    reopened = {last.incident_id for last in lasts if may_reopen(last, desk.rules, now=uow.now)}
    if not reopened or len(lone) < 2:
        return {}
    return await AlertRepository(uow.conn).were_of(reopened, [one.alert.group_id for one in lone])


async def service_of(uow: UnitOfWork, alert: Firing) -> Service | None:
    """The service by the detector's match, else by name: the catalogue may be newer than the detector's copy."""
    if alert.service_id is not None:
        return await ServiceRepository(uow.conn).get(alert.service_id)
    return next(iter((await _named(uow, [alert])).values()), None)


async def _named(uow: UnitOfWork, alerts: Sequence[Firing]) -> dict[str, Service]:
    """The services of those alerts that come with a name only, by folded name."""
    names = {folded(alert.service) for alert in alerts if alert.service and alert.service_id is None}
    called = await ServiceRepository(uow.conn).called(names) if names else []
    return {name: service for service in called for name in service.names & names}


def _service_id(one: Lone, named: Mapping[str, Service]) -> UUID | None:
    alert = one.alert
    if alert.service_id is not None or not alert.service:
        return one.look.service_id
    service = named.get(folded(alert.service))
    return service.id if service else None


def _turn(one: Lone, look: SecondLook, was_of: frozenset[UUID]) -> Turn:
    service = look.service
    return Turn(
        (service.severity_map if service else one.look.severity_map).get(one.alert.severity),
        Known(group=look.last, service=look.youngest),
        opens_as=new_id(),
        service_id=service.id if service else None,
        was_of=was_of,
    )
