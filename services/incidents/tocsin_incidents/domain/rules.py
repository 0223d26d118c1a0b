"""The rules that an operator may set, as one value."""

from dataclasses import dataclass, field
from datetime import timedelta

from tocsin_incidents.domain.severity import RESPONSE_LIMITS, Limits, Severity

UPDATE_EVERY: Limits = dict.fromkeys(Severity, timedelta(minutes=30)) | {Severity.SEV1: timedelta(minutes=15)}


@dataclass(frozen=True, slots=True)
class Rules:
    """How alerts become incidents and how long people have.

    `join_window`: a new group of alerts joins an incident of its service that was opened at most so long ago;
    zero turns that off. `reopen_window`: alerts that fire again so soon after the end reopen the incident,
    later ones open a new one. `update_every`: how often the world is told. `public_url` begins every link.
    """

    public_url: str = ""
    join_window: timedelta = timedelta(minutes=5)
    reopen_window: timedelta = timedelta(minutes=10)
    response_limits: Limits = field(default_factory=lambda: dict(RESPONSE_LIMITS))
    update_every: Limits = field(default_factory=lambda: dict(UPDATE_EVERY))

    def url(self, ref: str) -> str:
        """The page of an incident."""
        return f"{self.public_url.rstrip('/')}/incidents/{ref}"
