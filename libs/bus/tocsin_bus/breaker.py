"""A breaker: after a row of failures a place is left alone for a while, then asked once (R32)."""

from collections import deque
from dataclasses import dataclass, field

FAILURES = 5
WITHIN = 30.0
OPEN_FOR = 15.0
FORGOTTEN_AFTER = 60.0
"""Seconds after its last failure in which nobody asked: what a place was like then says little on what it is like."""


@dataclass
class Breaker:
    """Times are monotonic seconds, passed in. `reason` is what the last failure said."""

    failures: deque[float] = field(default_factory=lambda: deque(maxlen=FAILURES))
    open_until: float = 0.0
    reason: str = ""

    def is_open(self, now: float) -> bool:
        """Say whether the place counts as broken: until it has been asked with success."""
        return self.open_until > 0 and now < self.open_until - OPEN_FOR + FORGOTTEN_AFTER

    def room(self, now: float, *, usual: int) -> int:
        """Return how many may be under way at once: none while it is left alone, then one to try it.

        Each failure takes a place away, so that no more set out to where all that are under way may fail.
        """
        if self.is_open(now):
            return 0 if now < self.open_until else 1
        recent = sum(1 for at in self.failures if now - at <= WITHIN)
        return max(1, usual - recent)

    def succeeded(self) -> None:
        """The place answered as it should."""
        self.failures.clear()
        self.open_until, self.reason = 0.0, ""

    def failed(self, now: float, *, reason: str) -> None:
        """It did not."""
        self.failures.append(now)
        self.reason = reason
        full = len(self.failures) == FAILURES and now - self.failures[0] <= WITHIN
        if full or self.is_open(now):
            self.open_until = now + OPEN_FOR
