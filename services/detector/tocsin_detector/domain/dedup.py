"""Is a signal a new alert, a repeat, an end, or nothing at all? Decided by the state of the alert, never by the clock
of the sender (R6, R35)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tocsin_detector.domain.alert import Alert, Status
from tocsin_detector.domain.signal import Signal, Told

LATE_WINDOW = timedelta(seconds=60)
"""A message about an occurrence before the last one is only believed to be late so soon after the last one ended."""


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


def decide(signal: Signal, latest: Alert | None, received_at: datetime) -> Decision:
    """What the signal means, given the newest alert of its key, open or ended."""
    is_open = latest is not None and latest.is_open
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
    if _is_late(signal, latest, received_at):
        return Decision(Verb.NOTHING, "late_firing")
    return Decision(Verb.OPEN, "fires_again")


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


def _is_late(signal: Signal, ended: Alert, received_at: datetime) -> bool:
    """Whether the signal speaks of an occurrence even before the one that has just ended.

    An equal start is no proof: a sender that was cut off tells the same start again, and not paging is worse.
    """
    if signal.started_at is None or ended.sender_started_at is None or ended.ended_at is None:
        return False
    if signal.started_at >= ended.sender_started_at:
        return False
    return received_at - ended.last_received_at <= LATE_WINDOW
