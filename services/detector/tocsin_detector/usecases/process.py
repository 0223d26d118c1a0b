"""One turn of a lane: take what has waited longest, decide what each signal does, save, and tell the others."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_detector.domain.catalogue import match
from tocsin_detector.domain.dedup import Verb
from tocsin_detector.domain.grouping import Grouping, group_key
from tocsin_detector.domain.integration import Integration
from tocsin_detector.domain.severity import Severity
from tocsin_detector.domain.signal import Signal, Told
from tocsin_detector.domain.turn import Heard, Step, Turn
from tocsin_detector.domain.unparsed import unparsed_signal
from tocsin_detector.store import lanes
from tocsin_detector.store.alerts import AlertRepository, added, groups_added
from tocsin_detector.store.catalogue import services_called
from tocsin_detector.store.decisions import Decided, kept
from tocsin_detector.store.integrations import IntegrationRepository
from tocsin_detector.store.lanes import LaneStore, Waiting
from tocsin_detector.usecases.figures import LaneFigures
from tocsin_detector.usecases.telling import tell
from tocsin_detector.usecases.wire import decode_signals
from tocsin_runtime.ids import new_id

MOST_SIGNALS = 200
"""So many signals a turn at most, so that accepting is never held up for long."""
_BREATH = 20


@dataclass(frozen=True, slots=True)
class _Item:
    row: Waiting
    index: int
    signal: Signal


async def process_lane(
    uow: UnitOfWork, lane: int, figures: LaneFigures, *, most: int = MOST_SIGNALS, set_aside: bool = False
) -> int:
    """Play one turn of the lane, at most so many signals, and return how many it had; 0 when nothing waits.

    Open the unit of work in the lane's turn. With `set_aside` an alert that says "unparsed" is raised instead of each:
    they failed before, for no passing reason.
    """
    items, finished, left = _take(await LaneStore(uow.conn).oldest(lane, limit=most), most)
    if finished:
        uow.write(lanes.finished(finished))
    if left is not None:
        uow.write(lanes.played(*left))
    if items and set_aside:
        items = await _stand_ins(uow, items)
    if items:
        await _play(uow, items, figures)
    return len(items) or len(finished)


async def _stand_ins(uow: UnitOfWork, items: Sequence[_Item]) -> list[_Item]:
    known = await IntegrationRepository(uow.conn).with_ids({item.row.integration_id for item in items})
    stand_ins = []
    for item in items:
        integration = known.get(item.row.integration_id)
        name = integration.name if integration else "a deleted integration"
        severity = integration.defaults.severity if integration else Severity.MEDIUM
        about = f"{item.row.delivery_id} {item.index}"
        stand_ins.append(replace(item, signal=unparsed_signal(name, about=about, severity=severity)))
    return stand_ins


def _take(
    rows: Sequence[Waiting], most: int
) -> tuple[list[_Item], list[Waiting], tuple[Waiting, int] | None]:
    """As many signals as a turn takes, the deliveries that are through with it, and how far the last one got."""
    items: list[_Item] = []
    finished: list[Waiting] = []
    for row in rows:
        signals = decode_signals(row.signals)
        room = most - len(items)
        items += [
            _Item(row, index, signals[index]) for index in range(row.done, min(len(signals), row.done + room))
        ]
        if len(signals) - row.done > room:
            return items, finished, (row, row.done + room)
        finished.append(row)
        if len(items) >= most:
            break
    return items, finished, None


async def _play(uow: UnitOfWork, items: Sequence[_Item], figures: LaneFigures) -> None:
    heard = await _hear(uow, items)
    alerts = AlertRepository(uow.conn)
    known = await alerts.latest(sorted({one.key for one in heard}))
    group_keys = sorted({(one.integration_id, one.group_key.key) for one in heard})
    groups = await alerts.groups(group_keys, {alert.group_id for alert in known if alert.is_open})
    turn = Turn(known, groups, increasing_ids())
    steps = []
    for index, one in enumerate(heard):
        steps.append(turn.hear(one))
        if index % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)
    await save(uow, turn)
    uow.write(kept([_decided(step, item.index) for step, item in zip(steps, items, strict=True)]))
    for index, step in enumerate(steps):
        _follow_up(uow, step, figures)
        if index % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)


def increasing_ids() -> Callable[[], UUID]:
    """Makes ids each greater than the one before, so that alerts of one turn are listed in the order they came in."""
    last = UUID(int=0)

    def following() -> UUID:
        nonlocal last
        last = max(new_id(), UUID(int=last.int + 1))
        return last

    return following


async def save(uow: UnitOfWork, turn: Turn) -> None:
    """Write what a turn changed: what ended first, for it makes room for what began."""
    alerts = AlertRepository(uow.conn)
    await alerts.save(list(turn.changed.values()))
    await alerts.save_groups(list(turn.changed_groups.values()))
    if turn.new_groups:
        uow.write(groups_added(list(turn.new_groups.values())))
    if turn.opened:
        uow.write(added(list(turn.opened.values())))


async def _hear(uow: UnitOfWork, items: Sequence[_Item]) -> list[Heard]:
    integrations = await IntegrationRepository(uow.conn).with_ids({item.row.integration_id for item in items})
    catalogue = await services_called(uow.conn, _service_names(items, integrations))
    return [_heard(item, integrations.get(item.row.integration_id), catalogue) for item in items]


def _service_names(items: Sequence[_Item], integrations: Mapping[UUID, Integration]) -> set[str]:
    named = {item.signal.service for item in items if item.signal.told is Told.FIRING}
    return {name for name in (*named, *(one.service for one in integrations.values())) if name}


def _heard(item: _Item, integration: Integration | None, catalogue: Mapping[str, UUID]) -> Heard:
    source = integration.source.value if integration else "unknown"
    grouping = integration.grouping if integration else Grouping()
    service = match(item.signal.service, integration.service if integration else None, catalogue)
    return Heard(
        signal=item.signal,
        delivery_id=item.row.delivery_id,
        integration_id=item.row.integration_id,
        received_at=item.row.received_at,
        traceparent=item.row.traceparent,
        source=source,
        service=service,
        group_key=group_key(item.signal, grouping, service=service.name, source=source),
        grouping=grouping,
    )


def _decided(step: Step, item: int) -> Decided:
    heard, signal = step.heard, step.heard.signal
    details: dict[str, object] = {
        "dedup_key": signal.dedup_key,
        "key_rule": signal.key_rule,
        "told": signal.told.value,
        "title": signal.title,
    }
    if step.decision.verb in (Verb.OPEN, Verb.REPEAT):
        details |= {"severity": signal.severity.value, "severity_rule": signal.severity_rule}
    if step.decision.verb is Verb.OPEN and step.alert is not None:
        details |= {
            "service": step.alert.service,
            "service_rule": heard.service.rule,
            "group_id": str(step.alert.group_id),
            "group_key": step.alert.group_key,
            "group_rule": heard.group_key.rule,
            "group_reason": step.group.reason if step.group else None,
        }
    alert_id = step.alert.id if step.alert is not None else None
    return Decided(
        alert_id=alert_id,
        delivery_id=heard.delivery_id,
        item=item,
        decided_at=heard.received_at,
        verb=step.decision.verb.value,
        reason=step.decision.reason,
        details=details,
    )


def _follow_up(uow: UnitOfWork, step: Step, figures: LaneFigures) -> None:
    figures.decided(step)
    if step.news is not None and step.alert is not None:
        cause = Cause(step.heard.delivery_id, traceparent=step.heard.traceparent)
        tell(uow, step.news, step.alert, cause=cause, previous=step.previous_severity)
