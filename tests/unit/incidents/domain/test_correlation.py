from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.unit.incidents.domain.builders import MINUTE, T0
from tocsin_incidents.domain.correlation import (
    Candidate,
    Decision,
    Known,
    Placement,
    Turn,
    correlate,
    correlate_in_turn,
)
from tocsin_incidents.domain.incident import Status
from tocsin_incidents.domain.rules import Rules
from tocsin_incidents.domain.severity import Severity

RULES = Rules(join_window=5 * MINUTE, reopen_window=10 * MINUTE)
OPEN, JOIN, REOPEN, KEEP, IGNORE = Placement
SEV1, SEV2, SEV3 = Severity.SEV1, Severity.SEV2, Severity.SEV3
ONE, TWO = UUID(int=1), UUID(int=2)
NOTHING = Known()


def opened(ago: int, incident_id: UUID = ONE, severity: Severity = SEV2) -> Candidate:
    return Candidate(incident_id, severity, Status.INVESTIGATING, T0 - ago * MINUTE)


def resolved(ago: int, status: Status = Status.RESOLVED) -> Candidate:
    return Candidate(ONE, SEV2, status, T0 - 600 * MINUTE, T0 - ago * MINUTE)


def lowered(asked: Severity) -> Candidate:
    return replace(opened(9, severity=SEV3), asked_severity=asked)


TABLE = [
    ("nothing known", SEV2, Known(), (OPEN, "first_alert_of_group", None, SEV2)),
    (
        "the map opens none",
        None,
        Known(group=opened(9)),
        (IGNORE, "severity_opens_none", None, None),
    ),
    ("its group is open", SEV2, Known(group=opened(999)), (JOIN, "same_group", ONE, None)),
    (
        "its group is open, it is graver",
        SEV1,
        Known(group=opened(9)),
        (JOIN, "same_group", ONE, SEV1),
    ),
    (
        "its group is open, it is milder",
        SEV3,
        Known(group=opened(9)),
        (JOIN, "same_group", ONE, None),
    ),
    (
        "its group goes before its service",
        SEV2,
        Known(group=opened(9), service=opened(1, TWO)),
        (JOIN, "same_group", ONE, None),
    ),
    (
        "its group ended just now",
        SEV2,
        Known(group=resolved(9)),
        (REOPEN, "alert_fired_again", ONE, None),
    ),
    ("reopened graver", SEV1, Known(group=resolved(9)), (REOPEN, "alert_fired_again", ONE, SEV1)),
    (
        "its group ended long ago",
        SEV2,
        Known(group=resolved(10)),
        (OPEN, "reopen_window_passed", None, SEV2),
    ),
    (
        "its group's incident was closed",
        SEV2,
        Known(group=resolved(1, Status.CLOSED)),
        (OPEN, "previous_incident_closed", None, SEV2),
    ),
    (
        "its service has a young incident",
        SEV1,
        Known(service=opened(4)),
        (JOIN, "same_service_in_window", ONE, SEV1),
    ),
    (
        "its service's is old",
        SEV2,
        Known(service=opened(5)),
        (OPEN, "first_alert_of_group", None, SEV2),
    ),
    (
        "long resolved, but its service has a young one",
        SEV2,
        Known(group=resolved(30), service=opened(1, TWO)),
        (JOIN, "same_service_in_window", TWO, None),
    ),
    ("told again", SEV2, Known(own=opened(9)), (KEEP, "already_joined", ONE, None)),
    ("told again, graver", SEV1, Known(own=opened(9)), (KEEP, "already_joined", ONE, SEV1)),
    (
        "told again, and a person has lowered it meanwhile",
        SEV2,
        Known(own=lowered(asked=SEV2)),
        (KEEP, "already_joined", ONE, None),
    ),
    (
        "another of its group, and a person has lowered it meanwhile",
        SEV2,
        Known(group=lowered(asked=SEV2)),
        (JOIN, "same_group", ONE, None),
    ),
    (
        "a person has lowered it, and it asks for more than any before",
        SEV1,
        Known(own=lowered(asked=SEV2)),
        (KEEP, "already_joined", ONE, SEV1),
    ),
    ("told again, now info", None, Known(own=opened(9)), (KEEP, "already_joined", ONE, None)),
    (
        "told again just after somebody resolved",
        SEV2,
        Known(own=resolved(9)),
        (KEEP, "resolved_moments_ago", ONE, None),
    ),
    (
        "still firing long after somebody resolved",
        SEV2,
        Known(own=resolved(10)),
        (REOPEN, "alert_still_firing", ONE, None),
    ),
    (
        "still firing long after it was closed",
        SEV2,
        Known(own=resolved(10, Status.CLOSED)),
        (OPEN, "alert_still_firing", None, SEV2),
    ),
    (
        "still firing after it was closed, and its group has another that is open",
        SEV1,
        Known(own=resolved(10, Status.CLOSED), group=opened(5, TWO)),
        (JOIN, "still_firing_same_group", TWO, SEV1),
    ),
    (
        "still firing long after somebody resolved, and its group has another that is open",
        SEV2,
        Known(own=resolved(10), group=opened(5, TWO)),
        (JOIN, "still_firing_same_group", TWO, None),
    ),
    (
        "told again moments after it was closed, and its group has another that is open",
        SEV2,
        Known(own=resolved(1, Status.CLOSED), group=opened(0, TWO)),
        (JOIN, "still_firing_same_group", TWO, None),
    ),
    (
        "told again while its own is open, beside the group's other one",
        SEV2,
        Known(own=opened(9), group=opened(5, TWO)),
        (KEEP, "already_joined", ONE, None),
    ),
    (
        "told again, and reopened by somebody between two looks",
        SEV2,
        Known(own=resolved(10), group=opened(99)),
        (KEEP, "already_joined", ONE, None),
    ),
    (
        "closed, its group's other is open, and now info",
        None,
        Known(own=resolved(10, Status.CLOSED), group=opened(5, TWO)),
        (IGNORE, "severity_opens_none", None, None),
    ),
    (
        "resolved, and now info",
        None,
        Known(own=resolved(99)),
        (IGNORE, "severity_opens_none", None, None),
    ),
]


@pytest.mark.parametrize(
    ("severity", "known", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_an_alert_is_placed_by_the_rules(
    severity: Severity | None, known: Known, expected: tuple[object, ...]
) -> None:
    placed = correlate(severity, known, rules=RULES, now=T0)
    assert (placed.placement, placed.reason, placed.incident_id, placed.severity) == expected


def test_a_window_of_zero_is_off_also_for_what_a_later_transaction_wrote() -> None:
    rules = Rules(join_window=timedelta(0), reopen_window=timedelta(0))
    just_opened, just_resolved = opened(-1), resolved(-1)
    assert correlate(SEV2, Known(service=just_opened), rules=rules, now=T0).placement is OPEN
    assert correlate(SEV2, Known(group=just_resolved), rules=rules, now=T0).placement is OPEN


def test_a_join_window_of_zero_joins_by_group_only() -> None:
    rules = Rules(join_window=timedelta(0))
    placed = correlate(SEV2, Known(service=opened(0)), rules=rules, now=T0)
    assert placed == Decision(OPEN, "first_alert_of_group", severity=SEV2)


SHOP, MAIL = UUID(int=7), UUID(int=8)


def turn(opens_as: int, known: Known = NOTHING, service_id: UUID | None = SHOP) -> Turn:
    return Turn(SEV2, known, UUID(int=opens_as), service_id)


def in_turn(*turns: Turn, rules: Rules = RULES) -> list[tuple[Placement, str, int | None]]:
    decisions = correlate_in_turn(turns, rules=rules, now=T0)
    return [(d.placement, d.reason, d.incident_id.int if d.incident_id else None) for d in decisions]


def test_what_one_opens_the_next_of_its_service_joins() -> None:
    assert in_turn(turn(11), turn(12, service_id=MAIL), turn(13), turn(14, service_id=None)) == [
        (OPEN, "first_alert_of_group", 11),
        (OPEN, "first_alert_of_group", 12),
        (JOIN, "same_service_in_window", 11),
        (OPEN, "first_alert_of_group", 14),
    ]


def test_a_graver_one_raises_what_the_one_before_has_opened() -> None:
    graver = Turn(SEV1, Known(), UUID(int=12), SHOP)
    _, joined = correlate_in_turn([turn(11), graver], rules=RULES, now=T0)
    assert joined == Decision(JOIN, "same_service_in_window", UUID(int=11), SEV1)


def test_without_a_window_each_opens_its_own() -> None:
    assert [placed[2] for placed in in_turn(turn(11), turn(12), rules=Rules(join_window=0 * MINUTE))] == [
        11,
        12,
    ]


def test_what_one_reopens_the_next_joins_by_group_or_by_service() -> None:
    ended = Candidate(ONE, SEV2, Status.RESOLVED, T0 - 4 * MINUTE, T0 - MINUTE, service_id=SHOP)
    again = Known(group=ended)
    assert in_turn(turn(11, again, MAIL), turn(12, again), turn(13), turn(14, service_id=MAIL)) == [
        (REOPEN, "alert_fired_again", ONE.int),
        (JOIN, "same_group", ONE.int),
        (JOIN, "same_service_in_window", ONE.int),
        (OPEN, "first_alert_of_group", 14),
    ]


def test_what_is_reopened_takes_back_a_group_that_had_another_since() -> None:
    ended = Candidate(ONE, SEV2, Status.RESOLVED, T0 - 40 * MINUTE, T0 - MINUTE)
    since = Known(group=Candidate(TWO, SEV2, Status.CLOSED, T0 - 9 * MINUTE, T0 - 8 * MINUTE))
    was_in_both = Turn(SEV2, since, UUID(int=12), SHOP, was_of=frozenset({ONE, TWO}))
    was_in_one = Turn(SEV2, since, UUID(int=13), MAIL, was_of=frozenset({TWO}))
    assert in_turn(was_in_both, turn(11, Known(group=ended)), was_in_both, was_in_one) == [
        (OPEN, "previous_incident_closed", 12),
        (REOPEN, "alert_fired_again", ONE.int),
        (JOIN, "same_group", ONE.int),
        (OPEN, "previous_incident_closed", 13),
    ]


def test_the_first_that_is_reopened_has_the_group() -> None:
    ended = [Candidate(each, SEV2, Status.RESOLVED, T0 - 40 * MINUTE, T0 - MINUTE) for each in (ONE, TWO)]
    one, two = (turn(11 + nr, Known(group=each), MAIL) for nr, each in enumerate(ended))
    both = Turn(SEV2, Known(group=ended[1]), UUID(int=13), SHOP, was_of=frozenset({ONE, TWO}))
    assert in_turn(one, two, both)[2] == (JOIN, "same_group", ONE.int)
    assert in_turn(two, one, both)[2] == (JOIN, "same_group", TWO.int)


def test_the_youngest_of_its_service_counts_whichever_way_it_came() -> None:
    ended = Candidate(ONE, SEV2, Status.RESOLVED, T0 - 4 * MINUTE, T0 - MINUTE, service_id=SHOP)
    reopens, joins = turn(11, Known(group=ended)), turn(12, Known(service=opened(2, TWO)))
    assert in_turn(reopens, joins)[1] == (JOIN, "same_service_in_window", TWO.int)
