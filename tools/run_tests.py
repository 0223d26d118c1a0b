"""`make test`: the stages in order, the time of each, and what this machine had to leave out."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
STAGES = {
    "check": [sys.executable, "tools/check.py"],
    "unit": ["tests/unit"],
    "integration": ["tests/integration"],
    "bus": ["tests/contract"],
    "story": ["tests/e2e"],
    "browser": ["tests/browser"],
}
SHARED_OUT = {"integration": ["-n", "2", "--dist", "loadfile"]}
"""Stages whose tests wait more than they work, each with a database of its own: two at a time."""
NOTHING_RAN = 5


def main() -> int:
    """Runs all stages, or those named as arguments; exit code 1 when one fails."""
    wanted = [name for name in STAGES if not sys.argv[1:] or name in sys.argv[1:]]
    results = {name: _run(name) for name in wanted}
    print("\nstage          result    time")
    for name, (code, seconds) in results.items():
        print(f"{name:15}{'passed' if code == 0 else 'FAILED':8}{seconds:6.1f} s")
    return 1 if any(code for code, _ in results.values()) else 0


def _run(name: str) -> tuple[int, float]:
    print(f"\n=== {name} ===", flush=True)
    command = STAGES[name]
    if name != "check":
        options = ["-q", "--durations=5", "-p", "no:cacheprovider", *SHARED_OUT.get(name, [])]
        command = [sys.executable, "-m", "pytest", "-m", "not faults", *options, *command]
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    code = 0 if done.returncode == NOTHING_RAN and name != "check" else done.returncode
    return code, time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
