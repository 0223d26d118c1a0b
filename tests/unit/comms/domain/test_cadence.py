"""The promise of an update: what makes it, what moves it, and what a missed one does."""

from datetime import timedelta

import pytest

from tests.unit.comms.builders import MINUTE, T0
from tocsin_comms.domain.cadence import Cadence, Promise, begin, ended, fire, regraded, told
from tocsin_comms.domain.states import Severity

CADENCE = Cadence()
HALF_HOUR = timedelta(minutes=30)


@pytest.mark.parametrize(
    ("severity", "minutes"), [(Severity.SEV1, 15), (Severity.SEV2, 30), (Severity.SEV4, 30)]
)
def test_the_first_update_is_due_after_the_interval(severity: Severity, minutes: int) -> None:
    assert begin(T0, severity, CADENCE).due_at == T0 + minutes * MINUTE


def test_each_update_moves_the_promise_and_its_generation() -> None:
    after = told(begin(T0, Severity.SEV2, CADENCE), T0 + 10 * MINUTE, Severity.SEV2, CADENCE)
    assert after == Promise(T0 + 10 * MINUTE, T0 + 40 * MINUTE, 2)


def test_the_author_may_promise_another_time() -> None:
    when = T0 + 5 * MINUTE
    assert (
        told(begin(T0, Severity.SEV2, CADENCE), T0 + MINUTE, Severity.SEV2, CADENCE, promised=when).due_at
        == when
    )


def test_a_promise_in_the_past_is_not_believed() -> None:
    after = told(begin(T0, Severity.SEV2, CADENCE), T0 + MINUTE, Severity.SEV2, CADENCE, promised=T0)
    assert after.due_at == T0 + 31 * MINUTE


def test_an_old_update_that_comes_late_moves_nothing() -> None:
    current = told(begin(T0, Severity.SEV2, CADENCE), T0 + 10 * MINUTE, Severity.SEV2, CADENCE)
    assert told(current, T0 + 5 * MINUTE, Severity.SEV2, CADENCE) is current


def test_an_update_ends_being_overdue() -> None:
    late = Promise(T0, T0 + 60 * MINUTE, 2, overdue_since=T0 + 30 * MINUTE)
    assert told(late, T0 + 35 * MINUTE, Severity.SEV2, CADENCE).overdue_since is None


def test_graver_is_due_sooner_counted_from_the_same_moment() -> None:
    after = regraded(begin(T0, Severity.SEV2, CADENCE), Severity.SEV1, CADENCE)
    assert (after.due_at, after.generation) == (T0 + 15 * MINUTE, 2)


def test_the_same_interval_moves_nothing() -> None:
    current = begin(T0, Severity.SEV2, CADENCE)
    assert regraded(current, Severity.SEV3, CADENCE) is current


def test_a_due_timer_reminds_and_keeps_the_rhythm() -> None:
    current = begin(T0, Severity.SEV2, CADENCE)
    due = T0 + 30 * MINUTE
    reminder = fire(current, generation=1, due_at=due, now=due + timedelta(seconds=2), interval=HALF_HOUR)
    assert (reminder.remind, reminder.reason, reminder.missed) == (True, "overdue", 1)
    assert (reminder.promise.due_at, reminder.promise.overdue_since) == (T0 + 60 * MINUTE, due)


def test_after_a_long_sleep_there_is_one_reminder_for_all_missed_periods() -> None:
    current = begin(T0, Severity.SEV2, CADENCE)
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
    current = told(begin(T0, Severity.SEV2, CADENCE), T0 + MINUTE, Severity.SEV2, CADENCE)
    reminder = fire(current, generation=1, due_at=T0, now=T0 + 30 * MINUTE, interval=HALF_HOUR)
    assert (reminder.remind, reminder.reason, reminder.promise) == (False, "moved", current)


def test_nothing_is_due_once_it_is_over() -> None:
    over = ended(begin(T0, Severity.SEV2, CADENCE))
    reminder = fire(over, generation=1, due_at=T0, now=T0 + 30 * MINUTE, interval=HALF_HOUR)
    assert (reminder.remind, reminder.reason) == (False, "no_update_due")
