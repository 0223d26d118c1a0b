"""How an integration is doing, told from its last deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Verdict(StrEnum):
    """What became of a delivery."""

    ACCEPTED = "accepted"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery as lists show it."""

    id: UUID
    received_at: datetime
    verdict: Verdict
    reason: str | None


class Condition(StrEnum):
    """How an integration is doing."""

    WAITING = "waiting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Health:
    """The condition and one sentence about it."""

    condition: Condition
    detail: str


def health_of(latest: Sequence[DeliveryLine], *, revoked: bool) -> Health:
    """The health by the newest deliveries, newest first."""
    if revoked:
        return Health(Condition.REVOKED, "Its key was revoked: nothing is accepted any more.")
    if not latest:
        return Health(Condition.WAITING, "Nothing has come in yet.")
    newest = latest[0]
    if newest.verdict is Verdict.REJECTED:
        reason = (newest.reason or "unknown reason").rstrip()
        end = "" if reason.endswith((".", "!", "?", "…")) else "."
        return Health(Condition.UNHEALTHY, f"The last delivery was rejected: {reason}{end}")
    rejected = sum(line.verdict is Verdict.REJECTED for line in latest)
    if rejected:
        were = "was" if rejected == 1 else "were"
        return Health(
            Condition.UNHEALTHY, f"{rejected} of the last {len(latest)} deliveries {were} rejected."
        )
    return Health(Condition.HEALTHY, "What came in last was understood.")
