"""The incident as comms knows it: a copy of what the incidents service last told."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin_comms.domain.states import PublicStatus, Severity

_OVER = ("resolved", "closed")
_WATCHED = ("mitigated", "recovering")


@dataclass(frozen=True, slots=True)
class Incident:
    """`version` is the incidents service's own:

    a copy is only ever replaced by a newer one. Times are aware UTC. `update_due_at` is when the next update is
    promised, the one truth about that.
    """

    id: UUID
    number: int
    version: int
    title: str
    severity: Severity
    status: str
    opened_at: datetime
    service_id: UUID | None = None
    service: str | None = None
    assignee_id: UUID | None = None
    public: bool = True
    drill: bool = False
    acknowledged_at: datetime | None = None
    identified_at: datetime | None = None
    resolved_at: datetime | None = None
    update_due_at: datetime | None = None
    alert_count: int = 0

    @property
    def over(self) -> bool:
        """True once it is resolved or closed."""
        return self.status in _OVER

    @property
    def reference(self) -> str:
        """The short name that people say: INC-42."""
        return f"INC-{self.number}"

    @property
    def public_status(self) -> PublicStatus:
        """The internal status in the words of a public report."""
        if self.over:
            return PublicStatus.RESOLVED
        if self.status in _WATCHED:
            return PublicStatus.MONITORING
        return PublicStatus.IDENTIFIED if self.identified_at else PublicStatus.INVESTIGATING
