"""What a fault test leaves for `make faults`, which makes docs/reliability.md of it."""

import json
import os
import platform
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.stand import RATE, SECONDS
from tests.faults.verdict import Verdict

FOLDER = Path(__file__).parents[2] / "test-results" / "faults"


class Report:
    """One test's figures; written even when the test fails before it has any."""

    def __init__(self, test: str, about: str) -> None:
        self._test = test
        self._about = " ".join(about.split())
        self._name = re.sub(r"[^a-z0-9_]+", "_", test).strip("_")
        self._figures: dict[str, float | int] = {}

    def folder(self) -> Path:
        """An empty folder for what the verdict is made of: receipts, pages, logs. It stays until the next run."""
        made = FOLDER / self._name
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        return made

    def keep(self, verdict: Verdict, **more: float | int) -> None:
        """Take the verdict, and what else this fault is measured by."""
        self._figures |= {**verdict.row(), **more}

    def write(self, *, passed: bool, why: str) -> None:
        """Put it into a file of its own; `why` it did not pass."""
        fault = re.search(r"f\d+", self._test)
        document = {
            "fault": fault[0].upper() if fault else "",
            "test": self._test,
            "about": self._about,
            "passed": passed,
            "why": why,
            "rate": RATE,
            "seconds": SECONDS,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "figures": self._figures,
        }
        (FOLDER / f"{self._name}.json").write_text(json.dumps(document, indent=2) + "\n")


def machine() -> str:
    """Cores, memory, system and how busy it is; no name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    busy = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release().split('-')[0]},"
        f" Python {platform.python_version()}, load average {busy:.1f}"
    )
