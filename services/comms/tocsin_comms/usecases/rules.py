"""What the settings decide about how comms talks; values that the composition root passes down."""

from dataclasses import dataclass, field

from tocsin_comms.domain.cadence import Cadence


@dataclass(frozen=True, slots=True)
class Rules:
    """`chat_channel` is null when no chat is set up; then nothing is queued for it."""

    base_url: str
    chat_channel: str | None = None
    cadence: Cadence = field(default_factory=Cadence)
