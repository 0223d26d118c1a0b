"""When the next update on an incident is due, and what happens when it did not come."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin_comms.domain.states import Severity


@dataclass(frozen=True, slots=True)
class Cadence:
    """How long after a missed update, and after each reminder, the next reminder comes. When an update is due, the
    incident itself says.
    """

    usual: timedelta = timedelta(minutes=30)
    sev1: timedelta = timedelta(minutes=15)

    def interval(self, severity: Severity) -> timedelta:
        """Of this severity."""
        return self.sev1 if severity is Severity.SEV1 else self.usual


@dataclass(frozen=True, slots=True)
class Promise:
    """When the next update is due, promised at `anchor`. `generation` tells its timer from older ones.

    `due_at` is null when none is due. `overdue_since` is set from a missed promise until the next one; `due_at` is then
    when the next reminder comes.
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


def promised(current: Promise, due_at: datetime | None, *, now: datetime) -> Promise:
    """The promise of an incident that was just told. One that was missed stays so until there is another."""
    missed = due_at is not None and due_at == current.overdue_since
    if missed or due_at == current.due_at:
        return current
    return Promise(now, due_at, current.generation + 1)


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
