"""How bad an incident is, and how soon somebody has to answer it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Severity(StrEnum):
    """SEV-1 is the worst."""

    SEV1 = "SEV-1"
    SEV2 = "SEV-2"
    SEV3 = "SEV-3"
    SEV4 = "SEV-4"

    @property
    def rank(self) -> int:
        """1 for the worst, 4 for the mildest."""
        return int(self.value[-1])

    def graver_than(self, other: "Severity") -> bool:
        return self.rank < other.rank


def severity_or_none(stored: str | None) -> Severity | None:
    """A severity as it is kept where there may be none."""
    return None if stored is None else Severity(stored)


class AlertSeverity(StrEnum):
    """How bad the sender of an alert says it is."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


SeverityMap = Mapping[AlertSeverity, Severity | None]

DEFAULT_MAP: SeverityMap = {
    AlertSeverity.CRITICAL: Severity.SEV1,
    AlertSeverity.HIGH: Severity.SEV2,
    AlertSeverity.MEDIUM: Severity.SEV3,
    AlertSeverity.LOW: Severity.SEV4,
    AlertSeverity.INFO: None,
}
"""Which incident an alert opens where the service does not say otherwise; info opens none."""

CRITERIA: Mapping[Severity, str] = {
    Severity.SEV1: "Complete outage, data breach or security incident. Affects all users.",
    Severity.SEV2: "Major feature broken or much slower. Affects many users.",
    Severity.SEV3: "Minor feature broken or somewhat slower. Affects some users.",
    Severity.SEV4: "Minor bug, low impact. Affects few users.",
}
"""The mission's words, shown where a severity is chosen."""

Limits = Mapping[Severity, timedelta]

RESPONSE_LIMITS: Limits = {
    Severity.SEV1: timedelta(minutes=5),
    Severity.SEV2: timedelta(hours=1),
    Severity.SEV3: timedelta(hours=4),
    Severity.SEV4: timedelta(hours=24),
}
"""Within which somebody must have acknowledged; "at once" is five minutes."""

WARNING_SHARE = 5
"""The last fifth of the time to respond is the warning."""


class ResponseState(StrEnum):
    """Where the response stands against its deadline."""

    MET = "met"
    WAITING = "waiting"
    WARNING = "warning"
    OVERDUE = "overdue"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Response:
    """The deadline of one occurrence. `started_at` is when it was opened or reopened."""

    started_at: datetime
    due_at: datetime
    acknowledged_at: datetime | None
    is_open: bool

    def state(self, now: datetime) -> ResponseState:
        """Met once acknowledged, ended when it was over before anybody did, else by the clock."""
        if self.acknowledged_at is not None:
            return ResponseState.MET
        if not self.is_open:
            return ResponseState.ENDED
        if now >= self.due_at:
            return ResponseState.OVERDUE
        if self.due_at - now <= (self.due_at - self.started_at) / WARNING_SHARE:
            return ResponseState.WARNING
        return ResponseState.WAITING


def moved_deadline(
    current: Response,
    limits: Limits,
    *,
    before: Severity,
    after: Severity,
    now: datetime,
) -> datetime:
    """When the response is due once the severity has changed.

    Graver: the new limit counts from now, so that nobody is late for what they could not know, but the
    deadline never moves away. Milder: the new limit counts from the start, and it never comes nearer.
    """
    if after.graver_than(before):
        return min(current.due_at, now + limits[after])
    return max(current.due_at, current.started_at + limits[after])
