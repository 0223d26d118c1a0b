"""Which incidents the world sees, and in which words it sees where they stand."""

import pytest

from tests.unit.comms.builders import T0, incident, report
from tocsin_comms.domain.report import decide_visibility
from tocsin_comms.domain.states import ComponentState, PublicStatus, PublishMode, Visibility

DOWN, FINE = ComponentState.PARTIAL_OUTAGE, ComponentState.OPERATIONAL
AUTOMATIC, HOLD = PublishMode.AUTOMATIC, PublishMode.HOLD


@pytest.mark.parametrize(
    ("facts", "followed", "mode", "state", "visibility", "reason"),
    [
        ({}, True, AUTOMATIC, DOWN, Visibility.PUBLIC, "automatic"),
        ({}, True, HOLD, DOWN, Visibility.HELD, "page_holds"),
        ({}, True, AUTOMATIC, FINE, Visibility.HELD, "no_public_impact"),
        ({}, False, AUTOMATIC, DOWN, None, "no_component_follows"),
        ({"public": False}, True, AUTOMATIC, DOWN, None, "marked_internal"),
        ({"drill": True}, True, AUTOMATIC, DOWN, None, "drill"),
        ({"status": "resolved"}, True, AUTOMATIC, DOWN, None, "already_over"),
    ],
)
def test_a_new_incident(
    facts: dict[str, object],
    followed: bool,
    mode: PublishMode,
    state: ComponentState,
    visibility: Visibility | None,
    reason: str,
) -> None:
    shown = decide_visibility(incident(**facts), None, followed=followed, mode=mode, state=state)
    assert (shown.visibility, shown.reason) == (visibility, reason)


def test_what_the_world_has_seen_stays_when_it_gets_milder_or_the_page_begins_to_hold() -> None:
    shown = decide_visibility(incident(), report(), followed=True, mode=HOLD, state=FINE)
    assert (shown.visibility, shown.reason) == (Visibility.PUBLIC, "already_public")


def test_what_is_marked_internal_later_is_taken_back() -> None:
    shown = decide_visibility(incident(public=False), report(), followed=True, mode=AUTOMATIC, state=DOWN)
    assert (shown.visibility, shown.reason) == (Visibility.HIDDEN, "marked_internal")


def test_a_held_report_goes_public_when_it_gets_grave() -> None:
    held = report(visibility=Visibility.HELD)
    shown = decide_visibility(incident(), held, followed=True, mode=AUTOMATIC, state=DOWN)
    assert shown.visibility is Visibility.PUBLIC


def test_what_a_human_decided_stays() -> None:
    hidden = report(visibility=Visibility.HIDDEN, by_hand=True)
    shown = decide_visibility(incident(), hidden, followed=True, mode=AUTOMATIC, state=DOWN)
    assert (shown.visibility, shown.reason) == (Visibility.HIDDEN, "by_hand")


@pytest.mark.parametrize(
    ("facts", "public"),
    [
        ({"status": "detected"}, PublicStatus.INVESTIGATING),
        ({"status": "acknowledged"}, PublicStatus.INVESTIGATING),
        ({"status": "investigating"}, PublicStatus.INVESTIGATING),
        ({"status": "investigating", "identified_at": T0}, PublicStatus.IDENTIFIED),
        ({"status": "mitigated", "identified_at": T0}, PublicStatus.MONITORING),
        ({"status": "recovering"}, PublicStatus.MONITORING),
        ({"status": "resolved"}, PublicStatus.RESOLVED),
        ({"status": "closed"}, PublicStatus.RESOLVED),
    ],
)
def test_the_public_status_follows_the_internal_one(facts: dict[str, object], public: PublicStatus) -> None:
    assert incident(**facts).public_status is public
