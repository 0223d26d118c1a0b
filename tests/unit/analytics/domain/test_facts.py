"""The fold of facts: the same events give the same facts in any order, any number of times, in any portions."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin_analytics.domain.facts import (
    IncidentFacts,
    Resolution,
    SeverityAt,
    Snapshot,
    first_occurrence,
    fold,
    from_snapshot,
    merge,
    severity_history,
)
from tocsin_analytics.domain.rows import row_of

INCIDENT = UUID(int=42)
T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def told(
    version: int,
    *,
    status: str = "detected",
    mitigated_at: datetime | None = None,
    resolved_at: datetime | None = None,
) -> IncidentFacts:
    snapshot = Snapshot(
        version=version,
        number=7,
        title="Checkout is down",
        severity="SEV-2",
        status=status,
        origin="alert",
        opened_at=T0,
        detected_at=T0,
        mitigated_at=mitigated_at,
        resolved_at=resolved_at,
    )
    return from_snapshot(INCIDENT, snapshot)


def resolved(version: int, at: datetime, reason: str = "by_hand") -> IncidentFacts:
    ended = IncidentFacts(INCIDENT, resolutions=frozenset({Resolution(version, reason)}))
    return merge(told(version, resolved_at=at), ended)


def reopened(version: int) -> IncidentFacts:
    return merge(told(version), IncidentFacts(INCIDENT, reopenings=frozenset({version})))


times = st.integers(0, 500).map(lambda minutes: T0 + minutes * MINUTE)
moments = st.none() | times
few = st.integers(1, 6)
FEW = settings(max_examples=40, deadline=None)
"""Enough to find a broken merge at once, and quick: each example is a whole history."""


@st.composite
def any_facts(draw: st.DrawFn) -> IncidentFacts:
    """What one event could say. A version has one content, so its times are drawn from the version alone."""
    version = draw(st.none() | few)
    at = T0 + (version or 0) * MINUTE
    base = told(version, mitigated_at=at, resolved_at=at if version % 2 else None) if version else None
    said = IncidentFacts(
        INCIDENT,
        acknowledged_at=draw(moments),
        paged_at=draw(moments),
        told_at=draw(moments),
        severities=draw(
            st.frozensets(st.builds(SeverityAt, few, st.sampled_from(["SEV-1", "SEV-2"])), max_size=2)
        ),
        resolutions=draw(st.frozensets(st.builds(Resolution, few, st.just("by_hand")), max_size=2)),
        reopenings=draw(st.frozensets(few, max_size=2)),
        overdue_updates=draw(st.frozensets(times, max_size=2)),
    )
    return merge(base, said) if base else said


@FEW
@given(st.lists(any_facts(), max_size=8), st.data())
def test_reordering_and_repeating_events_changes_nothing(
    events: list[IncidentFacts], data: st.DataObject
) -> None:
    repeats = data.draw(st.lists(st.sampled_from(events), max_size=4)) if events else []
    shuffled = data.draw(st.permutations([*events, *repeats]))

    assert fold(INCIDENT, shuffled) == fold(INCIDENT, events)


@FEW
@given(st.lists(any_facts(), max_size=8), st.integers(0, 8))
def test_facts_may_be_gathered_in_portions(events: list[IncidentFacts], cut: int) -> None:
    parts = fold(INCIDENT, events[:cut]), fold(INCIDENT, events[cut:])

    assert merge(*parts) == merge(*reversed(parts)) == fold(INCIDENT, events)


@FEW
@given(any_facts(), any_facts(), any_facts())
def test_merge_is_a_join(one: IncidentFacts, two: IncidentFacts, three: IncidentFacts) -> None:
    assert merge(one, one) == one
    assert merge(one, two) == merge(two, one)
    assert merge(merge(one, two), three) == merge(one, merge(two, three))


def test_the_greatest_version_speaks_even_when_it_comes_first() -> None:
    facts = fold(INCIDENT, [told(3, status="mitigated"), told(1), told(2, status="acknowledged")])

    assert facts.latest is not None
    assert (facts.latest.version, facts.latest.status) == (3, "mitigated")


def test_an_acknowledgement_may_arrive_before_the_incident() -> None:
    facts = fold(INCIDENT, [IncidentFacts(INCIDENT, acknowledged_at=T0 + 3 * MINUTE)])

    assert facts.latest is None
    assert merge(facts, told(1)).acknowledged_at == T0 + 3 * MINUTE


def test_the_first_acknowledgement_counts() -> None:
    acks = [IncidentFacts(INCIDENT, acknowledged_at=T0 + n * MINUTE) for n in (9, 4, 6)]

    assert fold(INCIDENT, acks).acknowledged_at == T0 + 4 * MINUTE


def test_a_corrected_time_corrects_the_figure() -> None:
    facts = fold(INCIDENT, [told(4, mitigated_at=T0 + 20 * MINUTE), told(5, mitigated_at=T0 + 25 * MINUTE)])

    assert first_occurrence(facts).mitigated_at == T0 + 25 * MINUTE


def test_a_reopened_incident_counts_with_its_first_occurrence() -> None:
    first, again = resolved(5, T0 + 30 * MINUTE), resolved(9, T0 + 90 * MINUTE, "alerts_cleared")
    facts = fold(INCIDENT, [again, reopened(7), first])

    assert first_occurrence(facts).resolved_at == T0 + 30 * MINUTE
    assert not first_occurrence(facts).automatic
    assert facts.latest is not None
    assert facts.latest.resolved_at == T0 + 90 * MINUTE


def test_what_was_done_in_the_second_occurrence_only_was_not_done_in_the_first() -> None:
    again = merge(
        told(8, mitigated_at=T0 + 80 * MINUTE),
        IncidentFacts(
            INCIDENT,
            acknowledged_at=T0 + 75 * MINUTE,
            paged_at=T0 + 71 * MINUTE,
            told_at=T0 + 72 * MINUTE,
        ),
    )
    facts = fold(INCIDENT, [resolved(5, T0 + 30 * MINUTE, "alerts_cleared"), reopened(7), again])

    row = row_of(facts)
    assert row is not None
    assert (row.mitigated_at, row.acknowledged_at, row.paged_at, row.told_at) == (None, None, None, None)
    assert row.resolved_at == T0 + 30 * MINUTE


def test_what_was_done_in_both_occurrences_counts_with_the_first() -> None:
    said = [
        told(4, mitigated_at=T0 + 20 * MINUTE),
        IncidentFacts(INCIDENT, acknowledged_at=T0 + 3 * MINUTE),
        resolved(5, T0 + 30 * MINUTE),
        reopened(7),
        told(8, mitigated_at=T0 + 80 * MINUTE),
    ]

    row = row_of(fold(INCIDENT, said))
    assert row is not None
    assert (row.mitigated_at, row.acknowledged_at) == (T0 + 20 * MINUTE, T0 + 3 * MINUTE)


def test_an_incident_that_is_open_again_keeps_its_first_end() -> None:
    facts = fold(INCIDENT, [resolved(5, T0 + 30 * MINUTE, "alerts_cleared"), reopened(7)])

    assert first_occurrence(facts).resolved_at == T0 + 30 * MINUTE
    assert first_occurrence(facts).automatic
    assert facts.latest is not None
    assert facts.latest.resolved_at is None


def test_severities_are_told_in_the_order_of_versions() -> None:
    changes = [
        IncidentFacts(INCIDENT, severities=frozenset({SeverityAt(v, s)}))
        for v, s in [(8, "SEV-3"), (1, "SEV-2"), (4, "SEV-1")]
    ]

    assert severity_history(fold(INCIDENT, changes)) == ("SEV-2", "SEV-1", "SEV-3")


def test_two_incidents_are_never_mixed() -> None:
    with pytest.raises(ValueError, match="cannot be merged"):
        merge(IncidentFacts(UUID(int=1)), IncidentFacts(UUID(int=2)))
