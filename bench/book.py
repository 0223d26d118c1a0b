"""What was measured: one entry a round, and medians over rounds."""

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Entry:
    """The figures of one row on one system in one round."""

    row: str
    system: str
    round: int
    figures: dict[str, float]
    load_average: float
    """Of the last minute, just before."""


@dataclass
class Book:
    """Collects entries, and what could not be measured."""

    entries: list[Entry] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def figure(self, row: str, system: str, name: str) -> float | None:
        """The median over the rounds; None when it was not measured."""
        found = [
            e.figures[name] for e in self.entries if e.row == row and e.system == system and name in e.figures
        ]
        return median(found) if found else None

    def rounds(self, row: str, system: str) -> list[Entry]:
        """The entries of a row and a system."""
        return [entry for entry in self.entries if entry.row == row and entry.system == system]

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "entries": [asdict(entry) for entry in self.entries],
            "left_out": self.left_out,
            "failed": self.failed,
        }
