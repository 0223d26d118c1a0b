"""`make check`: every rule that a machine can keep, side by side; prints what failed and how long each took."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
SOURCES = ["standalone", "services", "libs", "tests", "tools", "bench"]
CHECKS: dict[str, list[str]] = {
    "format": [f"{BIN}/ruff", "format", "--check", "--quiet", *SOURCES],
    "lint": [f"{BIN}/ruff", "check", "--quiet", *SOURCES],
    "types": [f"{BIN}/mypy", "--no-error-summary"],
    "contracts": [f"{BIN}/lint-imports", "--no-logo"],
    "limits": [sys.executable, "tools/limits.py"],
    "generated": [sys.executable, "-m", "tools.generate", "--check"],
    "locks": [sys.executable, "-m", "tools.lock_check"],
    "dependencies": [sys.executable, "tools/audit.py"],
}


def main() -> int:
    """Exit code 1 when any check fails."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(_run, CHECKS.items()))
    return 0 if all(results) else 1


def _run(check: tuple[str, list[str]]) -> bool:
    name, command = check
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    seconds = time.monotonic() - began
    verdict = "ok" if done.returncode == 0 else "FAILED"
    output = (done.stdout + done.stderr).strip()
    print(f"{name:14}{verdict:8}{seconds:5.1f} s" + (f"\n{output}\n" if done.returncode else ""), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
