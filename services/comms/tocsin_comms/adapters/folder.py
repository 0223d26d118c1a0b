"""A folder with the same files that the live page serves, so that any web server can show them without Tocsin
(R37).
"""

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath
from secrets import token_hex

KEPT_OPEN = 0o644
"""Whatever serves the folder is another user; there is nothing in it that the world may not read."""

UNFINISHED = ".new-"
ENTRANCES = frozenset({"index.html", "status/index.html"})


class Folder:
    """Files by their path, each replaced as a whole.

    What the last writing had and the next has not is taken away. Only the pages that readers enter by wait for the
    disk, which the database needs more: the first writing of a process writes everything, so that what a power cut tore
    is whole again with the start.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._unfinished = f"{UNFINISHED}{token_hex(8)}"
        self._written: dict[str, bytes] = {}
        self._has_looked = False

    def write(self, files: Mapping[str, bytes]) -> int:
        """Make the folder hold these files, pages before the ones that link to them. Returns how many were
        written.

        Blocks on the disk; raises OSError when it is full or closed.
        """
        if not self._has_looked:
            self._sweep()
        changed = [path for path in files if self._written.get(path) != _digest(files[path])]
        for path in sorted(changed, key=_depth, reverse=True):
            self._replace(path, files[path])
            self._written[path] = _digest(files[path])
        strangers = set() if self._has_looked else self._found()
        for path in (self._written.keys() | strangers) - files.keys():
            (self._root / path).unlink(missing_ok=True)
            self._written.pop(path, None)
        self._has_looked = (
            True  # only now: a writing that failed half-way may have left a report that is hidden
        )
        return len(changed)

    def _replace(self, path: str, content: bytes) -> None:
        target = self._root / path
        fresh = target.with_name(self._unfinished)
        try:
            try:
                file = fresh.open("wb")
            except FileNotFoundError:
                target.parent.mkdir(parents=True, exist_ok=True)
                file = fresh.open("wb")
            with file:
                os.fchmod(file.fileno(), KEPT_OPEN)
                file.write(content)
                if path in ENTRANCES:
                    file.flush()
                    os.fsync(file.fileno())
            fresh.replace(target)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise

    def _sweep(self) -> None:
        """Take away what a process that was killed left half written."""
        for unfinished in self._root.rglob(f"{UNFINISHED}*"):
            unfinished.unlink(missing_ok=True)

    def _found(self) -> set[str]:
        """Reports that an earlier process wrote."""
        incidents = self._root / "status" / "incidents"
        return {path.relative_to(self._root).as_posix() for path in incidents.rglob("*") if path.is_file()}


def _digest(content: bytes) -> bytes:
    return sha256(content).digest()


def _depth(path: str) -> int:
    return len(PurePosixPath(path).parts)
