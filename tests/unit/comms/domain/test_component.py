"""A component shows the worst of its open public incidents, and nothing else."""

from uuid import UUID

import pytest

from tests.unit.comms.builders import T0
from tocsin_comms.domain.component import DEFAULT_STATES, Component, Trouble, changes, derive
from tocsin_comms.domain.states import ComponentState, Severity

SHOP, MAIL, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
CHECKOUT = Component(UUID(int=10), "Checkout", 0, service_ids=frozenset({SHOP, MAIL}))


def trouble(severity: Severity, *, service: UUID | None = SHOP, incident: int = 100) -> Trouble:
    return Trouble(UUID(int=incident), service, severity, T0)


@pytest.mark.parametrize(
    ("severity", "state"),
    [
        (Severity.SEV1, ComponentState.MAJOR_OUTAGE),
        (Severity.SEV2, ComponentState.PARTIAL_OUTAGE),
        (Severity.SEV3, ComponentState.DEGRADED_PERFORMANCE),
        (Severity.SEV4, ComponentState.OPERATIONAL),
    ],
)
def test_each_severity_shows_as_its_state(severity: Severity, state: ComponentState) -> None:
    verdict = derive(CHECKOUT, [trouble(severity)])
    assert (verdict.state, verdict.reason) == (state, "worst_open_incident")


def test_the_worst_of_several_wins_and_is_named() -> None:
    open_now = [
        trouble(Severity.SEV3, incident=1),
        trouble(Severity.SEV1, service=MAIL, incident=2),
        trouble(Severity.SEV2),
    ]
    verdict = derive(CHECKOUT, open_now)
    assert (verdict.state, verdict.incident_id) == (ComponentState.MAJOR_OUTAGE, UUID(int=2))


def test_what_other_services_suffer_does_not_show() -> None:
    verdict = derive(CHECKOUT, [trouble(Severity.SEV1, service=OTHER), trouble(Severity.SEV1, service=None)])
    assert (verdict.state, verdict.reason) == (ComponentState.OPERATIONAL, "no_open_incident")


def test_planned_work_shows_but_an_outage_outdoes_it() -> None:
    quiet = derive(CHECKOUT, [], in_maintenance=True)
    minor = derive(CHECKOUT, [trouble(Severity.SEV4)], in_maintenance=True)
    worse = derive(CHECKOUT, [trouble(Severity.SEV3)], in_maintenance=True)
    assert quiet.state is minor.state is ComponentState.UNDER_MAINTENANCE
    assert worse.state is ComponentState.DEGRADED_PERFORMANCE


def test_a_page_may_map_severities_its_own_way() -> None:
    own = {**DEFAULT_STATES, Severity.SEV4: ComponentState.DEGRADED_PERFORMANCE}
    verdict = derive(CHECKOUT, [trouble(Severity.SEV4)], states=own)
    assert verdict.state is ComponentState.DEGRADED_PERFORMANCE


def test_only_what_is_shown_wrongly_changes() -> None:
    right = Component(
        UUID(int=11), "Mail", 1, service_ids=frozenset({MAIL}), state=ComponentState.PARTIAL_OUTAGE
    )
    found = changes([CHECKOUT, right], [trouble(Severity.SEV2, service=MAIL)])
    assert [(change.component.name, change.verdict.state) for change in found] == [
        ("Checkout", ComponentState.PARTIAL_OUTAGE)
    ]


def test_resolve_returns_to_operational() -> None:
    down = Component(UUID(int=12), "API", 0, service_ids=frozenset({SHOP}), state=ComponentState.MAJOR_OUTAGE)
    (change,) = changes([down], [])
    assert change.verdict.state is ComponentState.OPERATIONAL
