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
    decision = decide(said, latest)

    assert (decision.verb, decision.reason) == (verb, reason)


@pytest.mark.parametrize("started_at", [T0 - timedelta(hours=1), T0 - SECOND, T0, T0 + SECOND, None])
def test_what_fires_after_the_end_fires_again_whatever_the_senders_clock_says(
    started_at: datetime | None,
) -> None:
    """R35; byte-equal triggers must page twice (R6), and so must those of a host whose clock is behind."""
    assert decide(signal(started_at=started_at), ENDED).verb is Verb.OPEN
