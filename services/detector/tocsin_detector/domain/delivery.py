"""A delivery: one post of one sender, and the receipt it gets."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tocsin_detector.domain.health import Verdict
from tocsin_detector.domain.integration import Road


@dataclass(slots=True)
class Delivery:
    """What is written down before the sender is answered. Not frozen for the same reason as signals.

    `body` is what was sent, unpacked if it came packed; `signals` what it was understood as, encoded, None when there
    is nothing to do. `body_missing` says why there is no body where one came, and `times` for how many posts it stands.
    `sender_id` is the sender's own id of this delivery, by which a repeat is known for 24 hours. `traceparent` is the
    trace of all that it causes.
    """

    id: UUID
    integration_id: UUID
    lane: int
    received_at: datetime
    road: Road
    verdict: Verdict
    body: bytes = field(repr=False)
    reason: str | None = None
    accepted: int = 0
    ignored: int = 0
    content_type: str | None = None
    signals: bytes | None = field(default=None, repr=False)
    answer: bytes = b""
    sender_id: str | None = None
    body_digest: bytes = b""
    replay_of: UUID | None = None
    body_missing: str | None = None
    times: int = 1
    traceparent: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether all of it was understood, and came from the sender itself."""
        return (
            self.signals is not None and self.reason is None and self.replay_of is None and not self.ignored
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """It is durable."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """The sender's id was known: here is what the first delivery was answered."""

    answer: bytes
    same_body: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The database would not take it. The body is kept, as rejected, when `kept`."""

    reason: str
    kept: bool


Outcome = Stored | Repeats | Refused
STORED = Stored()
