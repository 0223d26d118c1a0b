"""When the next update is due: one answer, which the page, the API, the status page and the reminders all give."""

from dataclasses import replace
from datetime import datetime

import pytest

from tests.unit.incidents.domain.builders import ANA, MINUTE, T0, incident
from tocsin_incidents.domain.incident import Actor, Incident
from tocsin_incidents.domain.lifecycle import acknowledge, change_severity, reopen, resolve
from tocsin_incidents.domain.promise import promised
from tocsin_incidents.domain.rules import Rules
from tocsin_incidents.domain.severity import RESPONSE_LIMITS, Severity

RULES = Rules()
SEV2 = incident(severity=Severity.SEV2, next_update_due_at=T0 + 30 * MINUTE)


def graded(before: Incident, to: Severity, *, at: datetime) -> datetime | None:
    decision = change_severity(before, to, limits=RESPONSE_LIMITS, now=at, reason="by_hand")
    return promised(before, decision, RULES, now=at)


@pytest.mark.parametrize(("severity", "minutes"), [("SEV-1", 15), ("SEV-2", 30), ("SEV-4", 30)])
def test_a_sev1_is_told_twice_as_often(severity: str, minutes: int) -> None:
    assert RULES.update_every[Severity(severity)] == minutes * MINUTE


def test_whoever_acknowledges_has_a_whole_interval_and_keeps_a_later_promise() -> None:
    for due, then in ((30, 40), (5, 40), (120, 120)):
        before = replace(SEV2, next_update_due_at=T0 + due * MINUTE)
        at = T0 + 10 * MINUTE
        decision = acknowledge(before, Actor(ANA, "Ana"), now=at)
        assert promised(before, decision, RULES, now=at) == T0 + then * MINUTE


def test_who_acknowledges_after_another_moves_nothing() -> None:
    before = replace(SEV2, acknowledged_at=T0, acknowledgement_expired=True)
    decision = acknowledge(before, Actor(ANA, "Ana"), now=T0 + 20 * MINUTE)
    assert promised(before, decision, RULES, now=T0 + 20 * MINUTE) == T0 + 30 * MINUTE


def test_graver_is_due_sooner_and_never_later() -> None:
    assert graded(SEV2, Severity.SEV1, at=T0 + 5 * MINUTE) == T0 + 20 * MINUTE
    assert graded(SEV2, Severity.SEV1, at=T0 + 20 * MINUTE) == T0 + 30 * MINUTE
    assert graded(SEV2, Severity.SEV1, at=T0 + 40 * MINUTE) == T0 + 30 * MINUTE, "late it stays"


def test_milder_keeps_what_was_promised() -> None:
    assert graded(SEV2, Severity.SEV3, at=T0 + 5 * MINUTE) == T0 + 30 * MINUTE


def test_where_none_is_due_none_becomes_due() -> None:
    assert graded(replace(SEV2, next_update_due_at=None), Severity.SEV1, at=T0) is None


def test_the_end_ends_it_and_reopening_begins_anew() -> None:
    over = resolve(SEV2, now=T0, reason="by_hand")
    assert promised(SEV2, over, RULES, now=T0) is None
    again = reopen(over.after, RULES, now=T0 + 50 * MINUTE, reason="by_hand")
    assert promised(over.after, again, RULES, now=T0 + 50 * MINUTE) == T0 + 80 * MINUTE
