"""A signal: what one alert of a delivery says, in Tocsin's own terms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tocsin_detector.domain.severity import Severity

CLOCK_BEHIND = "tocsin_clock"
"""The annotation of an alert that has only ever come with ends long past. Nobody but Tocsin writes it."""


class Told(StrEnum):
    """What the sender says about the alert."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(slots=True)
class Signal:
    """One alert as its sender tells it. Nobody changes one; it is not frozen since that makes making one three times as
    slow, and one is made of each alert. Texts hold no NUL and are cut to the limits of `texts`.

    `key_rule` and `severity_rule` name how the key and the severity were found, for the explanation. Times are what
    the sender wrote, aware UTC, and decide nothing but `expires_at`: an alert that is not told again by then has ended.
    `group_hint` is the sender's own group, such as Alertmanager's groupKey. One that fires has an `ended_at` only if
    its sender gave an end that lies too far back to be believed by itself (decision 26).
    """

    dedup_key: str
    key_rule: str
    told: Told
    severity: Severity
    severity_rule: str
    title: str
    description: str = ""
    service: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    url: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None
    group_hint: str | None = None

    @property
    def ends_long_past(self) -> bool:
        """Whether it has either ended long ago, or fires and is told by a clock that is behind."""
        return self.told is Told.FIRING and self.ended_at is not None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What an integration says about signals that do not say it themselves."""

    severity: Severity = Severity.MEDIUM
    resolve_timeout_seconds: int = 300


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not of the source's form. `pointer` is a JSON pointer into the body."""

    pointer: str
    detail: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a body was understood as. `faults` are the items left out; `ignored` says why others are no alerts."""

    signals: tuple[Signal, ...]
    ignored: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    def nothing_understood(self) -> bool:
        """Whether the whole body is not of the source's form."""
        return bool(self.faults) and not self.signals and not self.ignored


def malformed(pointer: str, detail: str) -> Parsed:
    """A body of which nothing could be understood."""
    return Parsed((), faults=(Fault(pointer, detail),))
