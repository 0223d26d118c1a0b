"""New, repeat, end, or nothing at all."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.unit.detector.domain.signals import MINUTE, SECOND, T0, alert, signal
from tocsin_detector.domain.alert import Alert, Status
from tocsin_detector.domain.dedup import Verb, decide
from tocsin_detector.domain.severity import Severity
from tocsin_detector.domain.signal import CLOCK_BEHIND, Signal, Told

FIRING, ACKED = alert(), alert(status=Status.ACKNOWLEDGED)
ENDED = alert(
    status=Status.RESOLVED, ended_at=T0 + MINUTE, last_received_at=T0 + MINUTE, sender_started_at=T0
)
BEHIND = alert(annotations={CLOCK_BEHIND: "It came with an end 180 minutes ago."})
LONG_PAST = signal(ended_at=T0 - timedelta(hours=3), annotations=dict(BEHIND.annotations))
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
        (LONG_PAST, None, Verb.OPEN, "first_seen"),
        (LONG_PAST, FIRING, Verb.RESOLVE, "ended_long_ago"),
        (LONG_PAST, ACKED, Verb.RESOLVE, "ended_long_ago"),
        (LONG_PAST, BEHIND, Verb.REPEAT, "told_again"),
        (LONG_PAST, ENDED, Verb.OPEN, "fires_again"),
        (LONG_PAST, replace(ENDED, ended_at=LONG_PAST.ended_at), Verb.NOTHING, "end_told_again"),
        (signal(), BEHIND, Verb.REPEAT, "told_again"),
        (RESOLVE, BEHIND, Verb.RESOLVE, "resolved_by_sender"),
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
    decision = decide(said, latest, at=T0 + 2 * MINUTE)

    assert (decision.verb, decision.reason) == (verb, reason)


@pytest.mark.parametrize("started_at", [T0 - timedelta(hours=1), T0 - SECOND, T0, T0 + SECOND, None])
def test_what_fires_after_the_end_fires_again_whatever_the_senders_clock_says(
    started_at: datetime | None,
) -> None:
    """R35; byte-equal triggers must page twice (R6), and so must those of a host whose clock is behind."""
    assert decide(signal(started_at=started_at), ENDED, at=T0 + 2 * MINUTE).verb is Verb.OPEN


@pytest.mark.parametrize(
    ("said", "reason", "after", "expected"),
    [
        (signal(started_at=T0), "resolved_with_incident", 9, "still_told_after_resolve"),
        (signal(started_at=T0), "resolved_by_hand", 9, "still_told_after_resolve"),
        (signal(started_at=T0), "resolved_with_incident", 10, "fires_again"),
        (signal(started_at=T0), "resolved_by_sender", 1, "fires_again"),
        (signal(started_at=T0 + SECOND), "resolved_with_incident", 1, "fires_again"),
        (signal(), "resolved_with_incident", 1, "fires_again"),
        (signal(started_at=T0, severity=Severity.HIGH), "resolved_with_incident", 1, "fires_again"),
    ],
)
def test_what_a_person_has_just_ended_may_be_told_on_for_a_while(
    said: Signal, reason: str, after: int, expected: str
) -> None:
    """Prometheus tells of it each minute until its rule has seen the repair."""
    ended = replace(ENDED, end_reason=reason)
    assert decide(said, ended, at=T0 + MINUTE + after * MINUTE).reason == expected
