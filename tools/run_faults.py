"""`make faults`: real kills under load at full size, then the bus's own suite; writes docs/reliability.md.

Sizes come from TOCSIN_TEST_RATE, TOCSIN_TEST_SECONDS and TOCSIN_TEST_EVENTS. Arguments go to pytest (`-k f9`);
`--report` alone only writes the page anew from the results that are there.
"""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from tools.faults_report import write_page

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "test-results" / "faults"
BUS = ROOT / "test-results" / "bus"
FULL = {"TOCSIN_TEST_RATE": "50", "TOCSIN_TEST_SECONDS": "60", "TOCSIN_TEST_EVENTS": "100000"}


def main(arguments: list[str]) -> int:
    """Exit code 1 when anything failed; the page is written all the same and says so."""
    code = 0
    if arguments != ["--report"]:
        if not arguments:
            for old in RESULTS.glob("*.json"):
                old.unlink()
        code = _pytest("tests/faults", "-m", "faults", *arguments)
        if not arguments:
            code |= _bus()
    write_page(ROOT / "docs" / "reliability.md", faults=_read(RESULTS), bus=_read(BUS))
    return 1 if code else 0


def _bus() -> int:
    """The behaviour suite of both transports at full size; keeps what came of it."""
    BUS.mkdir(parents=True, exist_ok=True)
    xml = BUS / "contract.xml"
    began = time.monotonic()
    code = _pytest("tests/contract", f"--junitxml={xml}")
    suite = ElementTree.parse(xml).getroot().find("testsuite")
    counts = suite.attrib if suite is not None else {}
    result = {
        "events": int(_environment()["TOCSIN_TEST_EVENTS"]),
        "tests": int(counts.get("tests", 0)),
        "failed": int(counts.get("failures", 0)) + int(counts.get("errors", 0)),
        "left_out": int(counts.get("skipped", 0)),
        "seconds": round(time.monotonic() - began),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (BUS / "contract.json").write_text(json.dumps(result, indent=2) + "\n")
    return code


def _pytest(*arguments: str) -> int:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", *arguments]
    return subprocess.run(command, cwd=ROOT, env=_environment()).returncode


def _environment() -> dict[str, str]:
    return {**FULL, **os.environ, "PYTHONUNBUFFERED": "1"}


def _read(folder: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
