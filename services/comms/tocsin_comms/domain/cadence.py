"""When the next update on an incident is due, and what happens when it did not come."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin_comms.domain.states import Severity


@dataclass(frozen=True, slots=True)
class Cadence:
    """How long people may go without news: 30 minutes by default, half of it for a SEV-1."""

    usual: timedelta = timedelta(minutes=30)
    sev1: timedelta = timedelta(minutes=15)

    def interval(self, severity: Severity) -> timedelta:
        """The longest silence that this severity allows."""
        return self.sev1 if severity is Severity.SEV1 else self.usual


@dataclass(frozen=True, slots=True)
class Promise:
    """When the next update is due, counted from `anchor`. `generation` tells the timer that stands for it
    from older ones.

    `due_at` is null when none is due; `overdue_since` is set from a missed promise until the next update.
    """

    anchor: datetime
    due_at: datetime | None
    generation: int
    overdue_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reminder:
    """What a due timer does: `promise` is what holds from now on, and `remind` whether to tell anybody."""

    promise: Promise
    remind: bool
    reason: str
    missed: int = 0


def begin(anchor: datetime, severity: Severity, cadence: Cadence, *, generation: int = 1) -> Promise:
    """The promise that an opening, an acknowledgement, a reopening or an update makes."""
    return Promise(anchor, anchor + cadence.interval(severity), generation)


def told(
    current: Promise, at: datetime, severity: Severity, cadence: Cadence, *, promised: datetime | None = None
) -> Promise:
    """An update came at `at`; the next is due when its author promised it, else after the interval.

    An update older than the last one changes nothing.
    """
    if at < current.anchor:
        return current
    due = promised if promised is not None and promised > at else at + cadence.interval(severity)
    return Promise(at, due, current.generation + 1)


def regraded(current: Promise, severity: Severity, cadence: Cadence) -> Promise:
    """The severity changed:

    the same silence is measured by the new interval. Nothing happens once no update is due.
    """
    due = current.anchor + cadence.interval(severity)
    if current.due_at is None or due == current.due_at or current.overdue_since is not None:
        return current
    return Promise(current.anchor, due, current.generation + 1)


def ended(current: Promise) -> Promise:
    """No further update is due. The generation moves on, so that the timer on its way finds nothing to do."""
    return Promise(current.anchor, None, current.generation + 1)


def fire(
    current: Promise, *, generation: int, due_at: datetime, now: datetime, interval: timedelta
) -> Reminder:
    """Decide what a timer that was due at `due_at` does. However late it is, it reminds once for all missed
    periods.

    The next one keeps the rhythm of the first: it is counted from `due_at`, not from now.
    """
    if current.due_at is None:
        return Reminder(current, remind=False, reason="no_update_due")
    if generation != current.generation:
        return Reminder(current, remind=False, reason="moved")
    missed = 1 + max(0, (now - due_at) // interval)
    after = Promise(
        current.anchor,
        due_at + missed * interval,
        current.generation + 1,
        overdue_since=current.overdue_since or due_at,
    )
    return Reminder(after, remind=True, reason="overdue", missed=missed)
