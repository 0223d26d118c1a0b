"""Incidents for tests, each as plain as can be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tocsin_incidents.domain.incident import Incident, Origin, Status
from tocsin_incidents.domain.severity import Severity

T0 = datetime(2026, 11, 24, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ANA, BO = UUID(int=1), UUID(int=2)


def incident(**changes: Any) -> Incident:
    """A SEV-2 that an alert has just opened; `changes` are fields of it."""
    plain = Incident(
        id=UUID(int=42),
        number=42,
        version=1,
        title="Checkout is slow",
        severity=Severity.SEV2,
        status=Status.DETECTED,
        origin=Origin.ALERT,
        opened_at=T0,
        detected_at=T0,
        response_due_at=T0 + 60 * MINUTE,
        auto_resolve=True,
    )
    return replace(plain, **changes)
