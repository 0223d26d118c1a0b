"""The promise of an update: what makes it, what moves it, and what a missed one does."""

from datetime import timedelta

import pytest

from tests.unit.comms.builders import MINUTE, T0
from tocsin_comms.domain.cadence import Cadence, Promise, fire, promised
from tocsin_comms.domain.states import Severity

CADENCE = Cadence()
HALF_HOUR = timedelta(minutes=30)


FIRST = Promise(T0, T0 + 30 * MINUTE, 1)


def test_what_the_incident_promises_is_taken_over_with_a_new_generation() -> None:
    for due in (T0 + 15 * MINUTE, T0 + 40 * MINUTE, None):
        assert promised(FIRST, due, now=T0 + MINUTE) == Promise(T0 + MINUTE, due, 2)


def test_the_same_promise_told_again_moves_nothing() -> None:
    assert promised(FIRST, FIRST.due_at, now=T0 + MINUTE) is FIRST
    none_due = Promise(T0, None, 2)
    assert promised(none_due, None, now=T0 + MINUTE) is none_due


def test_what_was_missed_stays_so_until_there_is_another_promise() -> None:
    late = Promise(T0, T0 + 60 * MINUTE, 2, overdue_since=T0 + 30 * MINUTE)
    assert promised(late, T0 + 30 * MINUTE, now=T0 + 35 * MINUTE) is late
    assert promised(late, T0 + 65 * MINUTE, now=T0 + 35 * MINUTE).overdue_since is None
    assert promised(late, None, now=T0 + 35 * MINUTE).due_at is None


@pytest.mark.parametrize(
    ("severity", "minutes"), [(Severity.SEV1, 15), (Severity.SEV2, 30), (Severity.SEV4, 30)]
)
def test_a_sev1_is_reminded_of_twice_as_often(severity: Severity, minutes: int) -> None:
    assert CADENCE.interval(severity) == minutes * MINUTE


def test_a_due_timer_reminds_and_keeps_the_rhythm() -> None:
    current = FIRST
    due = T0 + 30 * MINUTE
    reminder = fire(current, generation=1, due_at=due, now=due + timedelta(seconds=2), interval=HALF_HOUR)
    assert (reminder.remind, reminder.reason, reminder.missed) == (True, "overdue", 1)
    assert (reminder.promise.due_at, reminder.promise.overdue_since) == (T0 + 60 * MINUTE, due)


def test_after_a_long_sleep_there_is_one_reminder_for_all_missed_periods() -> None:
    current = FIRST
    due = T0 + 30 * MINUTE
    reminder = fire(current, generation=1, due_at=due, now=T0 + 100 * MINUTE, interval=HALF_HOUR)
    assert reminder.missed == 3
    assert reminder.promise.due_at == T0 + 120 * MINUTE


def test_a_second_reminder_remembers_since_when() -> None:
    late = Promise(T0, T0 + 60 * MINUTE, 2, overdue_since=T0 + 30 * MINUTE)
    due = T0 + 60 * MINUTE
    assert (
        fire(late, generation=2, due_at=due, now=due, interval=HALF_HOUR).promise.overdue_since
        == T0 + 30 * MINUTE
    )


def test_a_timer_of_an_older_generation_does_nothing() -> None:
    current = promised(FIRST, T0 + 31 * MINUTE, now=T0 + MINUTE)
    reminder = fire(current, generation=1, due_at=T0, now=T0 + 30 * MINUTE, interval=HALF_HOUR)
    assert (reminder.remind, reminder.reason, reminder.promise) == (False, "moved", current)


def test_nothing_is_due_once_it_is_over() -> None:
    over = promised(FIRST, None, now=T0)
    reminder = fire(over, generation=1, due_at=T0, now=T0 + 30 * MINUTE, interval=HALF_HOUR)
    assert (reminder.remind, reminder.reason) == (False, "no_update_due")
