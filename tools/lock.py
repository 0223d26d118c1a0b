"""Writes the lock files from pyproject.toml, with hashes and without a host. Run by `make lock`; needs uv.

What is pinned already stays, unless pyproject.toml asks for something else; `--upgrade` takes the newest of everything.
The images pin what developers pin, and less of it.
"""

import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "deploy/requirements.lock", "deploy/build.lock")
"""All there is for developers; what an image runs; what builds its wheel. The later ones lean on the first."""
IMAGE_EXTRAS = ("kafka",)
FLAGS = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
    "--quiet",
)


def main() -> int:
    """Exit code 1 when one cannot be written."""
    for name in LOCKS:
        done = _write(name, upgrade="--upgrade" in sys.argv)
        if done.returncode:
            print(f"{name}: uv failed", file=sys.stderr)
            return 1
    return 0


def project() -> Mapping[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def wanted(project: Mapping[str, Any], name: str) -> list[str]:
    """The requirements that a lock is made from."""
    if name == "deploy/build.lock":
        return list(project["build-system"]["requires"])
    extras = project["project"]["optional-dependencies"]
    chosen = IMAGE_EXTRAS if name == "deploy/requirements.lock" else tuple(extras)
    return [*project["project"]["dependencies"], *(line for extra in chosen for line in extras[extra])]


def _write(name: str, *, upgrade: bool) -> subprocess.CompletedProcess[str]:
    command, typed = ["uv", "pip", "compile", *FLAGS, "-o", name], None
    if name == "requirements.lock":
        command += ["--all-extras", "pyproject.toml", *(["--upgrade"] if upgrade else [])]
    elif name == "deploy/requirements.lock":
        command += [
            *(f"--extra={extra}" for extra in IMAGE_EXTRAS),
            "-c",
            LOCKS[0],
            "--upgrade",
            "pyproject.toml",
        ]
    else:
        command += ["-c", LOCKS[0], "--upgrade", "-"]
        typed = "\n".join(wanted(project(), name))
    return subprocess.run(command, cwd=ROOT, input=typed, stdout=subprocess.DEVNULL, text=True)


if __name__ == "__main__":
    sys.exit(main())
