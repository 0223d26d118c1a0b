"""Signals and alerts for tests, each as plain as can be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from tocsin_detector.domain.alert import Alert, Status
from tocsin_detector.domain.catalogue import ServiceMatch
from tocsin_detector.domain.grouping import Grouping, group_key
from tocsin_detector.domain.severity import Severity
from tocsin_detector.domain.signal import Signal, Told
from tocsin_detector.domain.turn import Heard, Turn

T0 = datetime(2026, 11, 24, 3, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
SENDER = UUID(int=7)


def signal(key: str = "k", told: Told = Told.FIRING, **changes: Any) -> Signal:
    """A critical alert with this key."""
    plain = Signal(
        dedup_key=key,
        key_rule="sender",
        told=told,
        severity=Severity.CRITICAL,
        severity_rule="severity=critical",
        title="CPU is high",
        service="web",
        labels={"alertname": "CpuHigh"},
    )
    return replace(plain, **changes)


def heard(
    said: Signal, at: datetime = T0, *, grouping: Grouping | None = None, sender: UUID = SENDER
) -> Heard:
    """The signal as a turn hears it."""
    grouping = grouping or Grouping()
    return Heard(
        signal=said,
        delivery_id=UUID(int=99),
        integration_id=sender,
        received_at=at,
        source="generic",
        service=ServiceMatch(said.service, None, "not_in_catalogue"),
        group_key=group_key(said, grouping, service=said.service, source="generic"),
        grouping=grouping,
    )


def new_turn() -> Turn:
    """A turn that knows nothing yet, with ids 1, 2, 3, …"""
    numbers = count(1)
    return Turn([], [], lambda: UUID(int=next(numbers)))


def alert(**changes: Any) -> Alert:
    """A firing alert that began at T0."""
    plain = Alert(
        id=UUID(int=1),
        integration_id=SENDER,
        dedup_key="k",
        group_id=UUID(int=2),
        group_key="g",
        status=Status.FIRING,
        severity=Severity.CRITICAL,
        title="CPU is high",
        source="generic",
        opened_at=T0,
        started_at=T0,
        last_received_at=T0,
        told_at=T0,
    )
    return replace(plain, **changes)
