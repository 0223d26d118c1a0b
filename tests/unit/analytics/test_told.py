"""Events as facts: the whole of a story, shuffled and repeated, makes the same row."""

from collections.abc import Iterable
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analytics.year import START, year
from tocsin_analytics.domain.facts import IncidentFacts, fold
from tocsin_analytics.domain.rows import IncidentRow, row_of
from tocsin_analytics.usecases.told import (
    alert_facts,
    by_acknowledgement,
    by_component,
    by_incident,
    by_overdue_update,
    by_page_sent,
    page_facts,
)
from tocsin_events.alerts import AlertEvent
from tocsin_events.base import Event
from tocsin_events.incidents import (
    IncidentAcknowledged,
    IncidentEvent,
    IncidentOpened,
    IncidentStatus,
    IncidentStatusChanged,
)
from tocsin_events.pages import PageAcknowledged, PageEvent, PageSent
from tocsin_events.status import ComponentState, ComponentStateChanged, UpdateOverdue

EVENTS = list(year(25))


def told(event: Event) -> IncidentFacts | None:
    match event:
        case IncidentEvent():
            return by_incident(event)
        case PageSent():
            return by_page_sent(event)
        case PageAcknowledged():
            return by_acknowledgement(event)
        case ComponentStateChanged():
            return by_component(event)
        case UpdateOverdue():
            return by_overdue_update(event)
    return None


def rows(events: Iterable[Event]) -> dict[UUID, IncidentRow | None]:
    facts: dict[UUID, list[IncidentFacts]] = {}
    for event in events:
        if (said := told(event)) is not None:
            facts.setdefault(said.incident_id, []).append(said)
    return {incident: row_of(fold(incident, said)) for incident, said in facts.items()}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_a_history_told_in_any_order_makes_the_same_rows(seed: int) -> None:
    shuffled = EVENTS * 2
    Random(seed).shuffle(shuffled)

    assert rows(shuffled) == rows(EVENTS)


def first(kind: type[IncidentOpened]) -> IncidentOpened:
    return next(event for event in EVENTS if isinstance(event, kind))


@pytest.mark.parametrize(
    ("actor", "name", "counts"),
    [(None, None, False), (None, "admin token", True), (UUID(int=1), "Ana", True)],
)
def test_what_somebody_asked_for_is_an_acknowledgement_and_what_a_rule_did_is_none(
    actor: UUID | None, name: str | None, counts: bool
) -> None:
    incident = first(IncidentOpened).incident.model_copy(update={"version": 2, "acknowledged_at": START})

    facts = by_incident(IncidentAcknowledged(incident=incident, actor_id=actor, actor_name=name))

    assert (facts.acknowledged_at is not None) is counts


def test_work_that_began_without_an_acknowledgement_is_one() -> None:
    incident = first(IncidentOpened).incident.model_copy(update={"acknowledged_at": START})
    began = IncidentStatusChanged(incident=incident, previous=IncidentStatus.DETECTED, actor_id=UUID(int=1))
    went_on = IncidentStatusChanged(
        incident=incident, previous=IncidentStatus.MITIGATED, actor_id=UUID(int=1)
    )

    assert by_incident(began).acknowledged_at == START
    assert by_incident(went_on).acknowledged_at is None


def test_a_component_that_turned_green_tells_of_no_incident() -> None:
    shown = next(event for event in EVENTS if isinstance(event, ComponentStateChanged))

    assert by_component(shown) is not None
    assert by_component(shown.model_copy(update={"state": ComponentState.OPERATIONAL})) is None
    assert by_component(shown.model_copy(update={"incident_id": None})) is None


def test_pages_and_alerts_keep_what_they_were_told() -> None:
    page = next(page_facts(event) for event in EVENTS if isinstance(event, PageEvent))
    sent = next(page_facts(event) for event in EVENTS if isinstance(event, PageSent))
    opened, ended = [alert_facts(event) for event in EVENTS if isinstance(event, AlertEvent)][:2]

    assert (page.sent_at, page.attempts, sent.sent_at is not None, sent.attempts) == (None, 0, True, 1)
    assert (opened.opened_at is not None, opened.ended_at) == (True, None)
    assert (ended.opened_at, ended.ended_at is not None) == (None, True)
