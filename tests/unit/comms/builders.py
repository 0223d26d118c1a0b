"""Values of the domain for tests, each with sensible defaults."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tocsin_comms.domain.component import Component
from tocsin_comms.domain.incident import Incident
from tocsin_comms.domain.report import Affected, Report, Update
from tocsin_comms.domain.site import ShownComponent, Site, StatusPage
from tocsin_comms.domain.states import ComponentState, Impact, PublicStatus, Severity, Visibility
from tocsin_comms.domain.uptime import Day

T0 = datetime(2026, 11, 24, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SHOP = UUID(int=1)
CHECKOUT = UUID(int=10)


def incident(**changed: Any) -> Incident:
    values: dict[str, Any] = {
        "id": UUID(int=100),
        "number": 42,
        "version": 1,
        "title": "Checkout p99 over 2 s",
        "severity": Severity.SEV2,
        "status": "detected",
        "opened_at": T0,
        "service_id": SHOP,
        "service": "shop",
        "alert_count": 1,
    }
    return Incident(**{**values, **changed})


def report(**changed: Any) -> Report:
    values: dict[str, Any] = {
        "id": UUID(int=200),
        "incident_id": UUID(int=100),
        "number": 42,
        "title": "Checkout: partial outage",
        "visibility": Visibility.PUBLIC,
        "reason": "automatic",
        "status": PublicStatus.INVESTIGATING,
        "impact": Impact.MAJOR,
        "severity": Severity.SEV2,
        "started_at": T0,
        "created_at": T0,
        "updated_at": T0,
        "published_at": T0,
        "affected": (
            Affected(CHECKOUT, "Checkout", ComponentState.OPERATIONAL, ComponentState.PARTIAL_OUTAGE),
        ),
        "updates": (update(),),
    }
    return Report(**{**values, **changed})


def update(body: str = "We are investigating.", **changed: Any) -> Update:
    values: dict[str, Any] = {"id": UUID(int=300), "status": PublicStatus.INVESTIGATING, "at": T0}
    return Update(body=body, **{**values, **changed})


def component(name: str = "Checkout", **changed: Any) -> ShownComponent:
    values: dict[str, Any] = {"id": CHECKOUT, "position": 0, "created_at": T0, "updated_at": T0}
    days = tuple(Day(T0.date() - timedelta(days=back)) for back in range(89, -1, -1))
    return ShownComponent(Component(name=name, **{**values, **changed}), days, 0.999)


def site(**changed: Any) -> Site:
    page = StatusPage(UUID(int=5), "Acme", updated_at=T0)
    values: dict[str, Any] = {"page": page, "base_url": "https://status.acme.test", "now": T0 + 5 * MINUTE}
    return Site(**{**values, **changed})
