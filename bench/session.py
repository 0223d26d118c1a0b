"""One run of the bench: what is at hand, and where to note what was found."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.book import Book, Entry
from bench.generator import Generator, Sink
from bench.profiles import Profile
from tocsin_testkit.kafka import KafkaRig


@dataclass
class Session:
    """`kafka` is None where none can be started."""

    profile: Profile
    generator: Generator
    sink: Sink
    kafka: KafkaRig | None
    alertmanager: bool
    root: Path
    book: Book = field(default_factory=Book)
    round: int = 1
    _numbers: Iterator[int] = field(default_factory=count)

    def folder(self, name: str) -> Path:
        """An empty folder for a system's files, through which PostgreSQL's account may pass."""
        made = self.root / f"{next(self._numbers)}-{name}"
        made.mkdir()
        made.chmod(0o711)
        return made

    def note(self, row: str, system: str, figures: dict[str, float]) -> None:
        """Keep figures and say them."""
        entry = Entry(row, system, self.round, figures, os.getloadavg()[0])
        self.book.entries.append(entry)
        said = "  ".join(f"{name} {value:,.3g}" for name, value in figures.items())
        print(f"  {row} | {system} | {said}", flush=True)

    def clear(self) -> None:
        """Drop the files of systems that have ended."""
        for path in self.root.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
