"""A breaker per provider: after a row of failures, stop asking for a while, then try one (R32)."""

from collections import deque
from dataclasses import dataclass, field

FAILURES = 5
WITHIN = 30.0
OPEN_FOR = 15.0


@dataclass
class Breaker:
    """Times are monotonic seconds, passed in."""

    failures: deque[float] = field(default_factory=lambda: deque(maxlen=FAILURES))
    open_until: float = 0.0
    probing: bool = False

    def allows(self, now: float) -> bool:
        """May the provider be asked now? While open, one probe at a time after the pause."""
        if now < self.open_until:
            return False
        if self.open_until and self.probing:
            return False
        if self.open_until:
            self.probing = True
        return True

    def succeeded(self) -> None:
        """The provider answered as it should."""
        self.failures.clear()
        self.open_until, self.probing = 0.0, False

    def failed(self, now: float) -> None:
        """It did not."""
        self.failures.append(now)
        full = len(self.failures) == FAILURES and now - self.failures[0] <= WITHIN
        if self.probing or full:
            self.open_until, self.probing = now + OPEN_FOR, False
