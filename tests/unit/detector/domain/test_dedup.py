"""New, repeat, end, or nothing at all."""

from datetime import timedelta

import pytest

from tests.unit.detector.domain.signals import MINUTE, SECOND, T0, alert, signal
from tocsin_detector.domain.alert import Alert, Status
from tocsin_detector.domain.dedup import Verb, decide
from tocsin_detector.domain.severity import Severity
from tocsin_detector.domain.signal import Signal, Told

FIRING, ACKED = alert(), alert(status=Status.ACKNOWLEDGED)
ENDED = alert(
    status=Status.RESOLVED, ended_at=T0 + MINUTE, last_received_at=T0 + MINUTE, sender_started_at=T0
)
RESOLVE, ACK = signal(told=Told.RESOLVED), signal(told=Told.ACKNOWLEDGED)


@pytest.mark.parametrize(
    ("said", "latest", "verb", "reason"),
    [
        (signal(), None, Verb.OPEN, "first_seen"),
        (signal(), FIRING, Verb.REPEAT, "told_again"),
        (signal(), ACKED, Verb.REPEAT, "told_again"),
        (signal(severity=Severity.LOW), FIRING, Verb.REPEAT, "severity_changed"),
        (signal(title="CPU is very high"), FIRING, Verb.REPEAT, "title_changed"),
        (signal(), ENDED, Verb.OPEN, "fires_again"),
        (RESOLVE, None, Verb.NOTHING, "nothing_open"),
        (RESOLVE, ENDED, Verb.NOTHING, "nothing_open"),
        (RESOLVE, FIRING, Verb.RESOLVE, "resolved_by_sender"),
        (RESOLVE, ACKED, Verb.RESOLVE, "resolved_by_sender"),
        (ACK, None, Verb.NOTHING, "nothing_open"),
        (ACK, ENDED, Verb.NOTHING, "nothing_open"),
        (ACK, FIRING, Verb.ACKNOWLEDGE, "acknowledged_by_sender"),
        (ACK, ACKED, Verb.NOTHING, "acknowledged_already"),
    ],
)
def test_table(said: Signal, latest: Alert | None, verb: Verb, reason: str) -> None:
    decision = decide(said, latest, T0 + 2 * MINUTE)

    assert (decision.verb, decision.reason) == (verb, reason)


def test_news_of_an_earlier_occurrence_is_late_for_a_minute_only() -> None:
    earlier = signal(started_at=T0 - timedelta(hours=1))

    assert decide(earlier, ENDED, T0 + MINUTE + 59 * SECOND).reason == "late_firing"
    assert decide(earlier, ENDED, T0 + 3 * MINUTE).reason == "fires_again"


def test_the_same_start_after_the_end_pages_again() -> None:
    """A sender that was cut off tells the same start again; and byte-equal triggers must page twice (R6)."""
    assert decide(signal(started_at=T0), ENDED, T0 + MINUTE + SECOND).verb is Verb.OPEN


def test_a_sender_without_times_is_never_late() -> None:
    assert decide(signal(), ENDED, T0 + MINUTE).verb is Verb.OPEN
    assert (
        decide(signal(started_at=T0 - MINUTE), alert(status=Status.RESOLVED, ended_at=T0), T0).verb
        is Verb.OPEN
    )
