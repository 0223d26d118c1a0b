"""Is a signal a new alert, a repeat, an end, or nothing at all? Decided by the state of the alert, never by the clock
of the sender (R6, R35)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tocsin_detector.domain.alert import Alert, Status
from tocsin_detector.domain.signal import CLOCK_BEHIND, Signal, Told

GRACE = timedelta(minutes=10)
"""For which an alert that a person called over may go on being told before it counts as firing: what its rule looks at
lags behind the repair. As long as an incident's reopen window."""
BY_HAND = frozenset({"resolved_by_hand", "resolved_with_incident"})


class Verb(StrEnum):
    """What a signal does."""

    OPEN = "open"
    REPEAT = "repeat"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done, and the named reason."""

    verb: Verb
    reason: str


def decide(signal: Signal, latest: Alert | None, *, at: datetime) -> Decision:
    """What the signal, which came at `at`, means, given the newest alert of its key, open or ended.

    One that fires after the end fires again, whatever the sender's clock says: two hosts a few seconds apart would
    otherwise lose an alert, and paging twice is better than not at all. Only where a person ended it, the very
    occurrence that is told on has `GRACE`: who has just called it over would be paged for it within the minute.
    """
    is_open = latest is not None and latest.is_open
    if latest is not None and signal.ends_long_past:
        ended = _ended_long_ago(signal, latest)
        if ended is not None:
            return ended
    if signal.told is Told.RESOLVED:
        return (
            Decision(Verb.RESOLVE, "resolved_by_sender")
            if is_open
            else Decision(Verb.NOTHING, "nothing_open")
        )
    if signal.told is Told.ACKNOWLEDGED:
        return _acknowledged(latest if is_open else None)
    if latest is None:
        return Decision(Verb.OPEN, "first_seen")
    if is_open:
        return _told_again(signal, latest)
    if _goes_on(signal, latest, at=at):
        return Decision(Verb.NOTHING, "still_told_after_resolve")
    return Decision(Verb.OPEN, "fires_again")


def _goes_on(signal: Signal, latest: Alert, *, at: datetime) -> bool:
    """Whether this is the occurrence that a person has just ended, by the start that its sender gives, and no worse."""
    same = signal.started_at is not None and signal.started_at == latest.sender_started_at
    recently = latest.ended_at is not None and at - latest.ended_at < GRACE
    return same and recently and latest.end_reason in BY_HAND and signal.severity is latest.severity


def _ended_long_ago(signal: Signal, latest: Alert) -> Decision | None:
    """Whether an end that lies long past is one; None where the sender's clock is behind, so that the alert fires.

    An open alert of which the sender's clock has told right shows that the clock is right, or that it was. An end that
    is told once more is none that moves on with a clock.
    """
    if latest.is_open:
        told_right = CLOCK_BEHIND not in latest.annotations
        return Decision(Verb.RESOLVE, "ended_long_ago") if told_right else None
    return Decision(Verb.NOTHING, "end_told_again") if latest.ended_at == signal.ended_at else None


def _acknowledged(latest: Alert | None) -> Decision:
    if latest is None:
        return Decision(Verb.NOTHING, "nothing_open")
    if latest.status is Status.ACKNOWLEDGED:
        return Decision(Verb.NOTHING, "acknowledged_already")
    return Decision(Verb.ACKNOWLEDGE, "acknowledged_by_sender")


def _told_again(signal: Signal, latest: Alert) -> Decision:
    if signal.severity is not latest.severity:
        return Decision(Verb.REPEAT, "severity_changed")
    if signal.title != latest.title:
        return Decision(Verb.REPEAT, "title_changed")
    return Decision(Verb.REPEAT, "told_again")
