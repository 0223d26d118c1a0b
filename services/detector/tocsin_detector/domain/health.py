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
    """A delivery as lists show it. A line of refusals may stand for many posts."""

    id: UUID
    received_at: datetime
    verdict: Verdict
    reason: str | None
    times: int = 1


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
    refused = [line for line in latest if line.verdict is Verdict.REJECTED]
    if not refused:
        return Health(Condition.HEALTHY, "What came in last was understood.")
    return Health(Condition.UNHEALTHY, _of_refused(refused, sum(line.times for line in latest)))


def _of_refused(refused: Sequence[DeliveryLine], of: int) -> str:
    many = sum(line.times for line in refused)
    among = f" of the last {of}" if of > many else ""
    reason = (refused[0].reason or "unknown reason").rstrip()
    end = "" if reason.endswith((".", "!", "?", "…")) else "."
    return f"{many} refused{among}, last: {reason}{end}"
