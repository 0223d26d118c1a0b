"""When the next update is due. This is the one place that says so: `comms` reminds, and tells the public, by it."""

from datetime import datetime

from tocsin_incidents.domain.incident import Incident
from tocsin_incidents.domain.lifecycle import Decision, Fact
from tocsin_incidents.domain.rules import Rules


def promised(before: Incident, decision: Decision, rules: Rules, *, now: datetime) -> datetime | None:
    """After that decision. A graver incident is told of sooner, and what was promised is never put off.

    But for whoever acknowledges first: they have a whole interval from then on.
    """
    after = decision.after
    due, interval = after.next_update_due_at, rules.update_every[after.severity]
    if due is None or not after.is_open:
        return due
    if decision.fact is Fact.ACKNOWLEDGED and before.acknowledged_at is None:
        return max(due, now + interval)
    if decision.fact is Fact.SEVERITY_CHANGED and after.severity.graver_than(before.severity):
        return min(due, now + interval)
    return due
