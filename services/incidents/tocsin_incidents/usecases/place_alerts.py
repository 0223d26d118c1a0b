"""Many firing alerts at once, as a storm brings them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_incidents.domain.alert import Firing
from tocsin_incidents.domain.correlation import Known, Placement, correlate
from tocsin_incidents.domain.rules import Rules
from tocsin_incidents.store.alerts import AlertRepository, FirstLook, Joined, Place
from tocsin_incidents.usecases.apply_placings import SETTLE, apply_placings, joined
from tocsin_incidents.usecases.decide_alone import Lone, Placing, decide_alone
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.place_alert import place_alert

Told = tuple[Firing, Cause]


@dataclass
class _Sorted:
    """`joining` need nothing but to be written; `others` change an incident, or their group has none that is open.

    `later` are of the groups of those.
    """

    joining: dict[UUID, tuple[Joined, Cause]] = field(default_factory=dict)
    others: list[Placing | Lone] = field(default_factory=list)
    later: list[Told] = field(default_factory=list)


async def place_alerts(uow: UnitOfWork, desk: Desk, *, alerts: Sequence[Told]) -> None:
    """Place them as `place_alert` would one after another; all that join open incidents cost two statements."""
    waiting = list(alerts)
    while waiting:
        store = AlertRepository(uow.conn)
        looks = await store.first_looks({(alert.group_id, alert.service_id) for alert, _ in waiting})
        found = _sort(waiting, looks, rules=desk.rules, now=uow.now)
        if found.joining:
            await store.join(*found.joining.values(), at=uow.now)
            uow.wake(SETTLE)
            for one, _ in found.joining.values():
                uow.after_commit(desk.measures.placed.labels(one.reason).inc)
        lost = await apply_placings(uow, desk, await _decided(uow, desk, found.others))
        if lost or found.later:
            await uow.settle()
        for left in lost:
            uow.cause = left.cause
            await place_alert(uow, desk, alert=left.alert)
            await uow.settle()
        waiting = found.later


async def _decided(uow: UnitOfWork, desk: Desk, others: Sequence[Placing | Lone]) -> list[Placing]:
    """All of them, in their order."""
    lone = [one for one in others if isinstance(one, Lone)]
    decided = iter(await decide_alone(uow, desk, lone=lone))
    return [next(decided) if isinstance(one, Lone) else one for one in others]


def _sort(
    waiting: Sequence[Told], looks: Mapping[Place, FirstLook], *, rules: Rules, now: datetime
) -> _Sorted:
    found, begun = _Sorted(), set[UUID]()
    for alert, cause in waiting:
        if alert.group_id in begun or alert.alert_id in found.joining:
            found.later.append((alert, cause))
            continue
        look = looks[alert.group_id, alert.service_id]
        if look.lone:
            begun.add(alert.group_id)
            found.others.append(Lone(alert, cause, look))
            continue
        decision = correlate(
            look.severity_map.get(alert.severity), Known(group=look.group), rules=rules, now=now
        )
        if decision.placement is Placement.JOIN and decision.severity is None:
            found.joining[alert.alert_id] = joined(alert, decision), cause
        else:
            begun.add(alert.group_id)
            found.others.append(Placing(alert, cause, decision))
    return found
