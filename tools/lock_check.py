"""Whether the lock files belong to pyproject.toml, told without an index. Run by `make check`; `make lock` mends it."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.lock import LOCKS, ROOT, project, wanted

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(.*(?:\n[ ].*)*)", re.MULTILINE)
_ASKED_BY = re.compile(r"^\s+# (?:via +|  )(\S.*)$", re.MULTILINE)
_HOST = re.compile(r"://|^\s*--?(?:index|extra-index|find-links|trusted)| @ ", re.MULTILINE)


@dataclass(frozen=True)
class Pin:
    """One line of a lock; `by` are the packages that ask for it."""

    version: str
    hashed: bool
    by: frozenset[str]


def main() -> int:
    """Exit code 1 when a lock does not belong to pyproject.toml."""
    found = complaints({name: (ROOT / name).read_text() for name in LOCKS})
    if found:
        print("\n".join([*found, "run `make lock`"]))
    return 1 if found else 0


def complaints(locks: Mapping[str, str], of: Mapping[str, Any] | None = None) -> list[str]:
    """What is wrong, a line each. `of` is another pyproject.toml than this repository's."""
    everything = _pins(locks[LOCKS[0]])
    found = []
    for name, text in locks.items():
        found += [
            f"{name}: {words}" for words in _complaints(text, wanted(of or project(), name), everything)
        ]
    return found


def _complaints(text: str, asked: list[str], everything: Mapping[str, Pin]) -> Iterator[str]:
    pins, requirements = _pins(text), [(line, Requirement(line)) for line in asked]
    for line, requirement in requirements:
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None:
            yield f"{line} is wanted, nothing is pinned"
        elif not requirement.specifier.contains(pin.version, prereleases=True):
            yield f"{line} is wanted, {pin.version} is pinned"
    reached = _reached(pins, {canonicalize_name(requirement.name) for _, requirement in requirements})
    for name, pin in pins.items():
        if name not in reached:
            yield f"{name} is pinned, but nothing asks for it"
        if not pin.hashed:
            yield f"{name} has no hash"
        if name in everything and everything[name].version != pin.version:
            yield f"{name} is {pin.version}, but {everything[name].version} in {LOCKS[0]}"
    for line in text.splitlines():
        if _HOST.search(line):
            yield f"names a host: {line.strip()}"


def _pins(text: str) -> dict[str, Pin]:
    pins = {}
    for name, version, rest in _PIN.findall(text):
        by = frozenset(canonicalize_name(one.partition("[")[0]) for one in _ASKED_BY.findall(rest))
        pins[str(canonicalize_name(name))] = Pin(version, "--hash=sha256:" in rest, by)
    return pins


def _reached(pins: Mapping[str, Pin], roots: set[Any]) -> set[Any]:
    """The roots, and all that one of them asks for, or something that is reached."""
    reached: set[Any] = set(roots)
    while more := {name for name, pin in pins.items() if name not in reached and pin.by & reached}:
        reached |= more
    return reached


if __name__ == "__main__":
    sys.exit(main())
