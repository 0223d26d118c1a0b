"""A data directory for the embedded PostgreSQL, and processes that start it."""

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.standalone.processes import Parent
from tocsin.embedded_layout import Layout


@contextmanager
def new_data_dir() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tocsin-embedded-")).resolve()
    folder.chmod(0o711)
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory that does not exist yet, in a folder that every account may enter."""
    with new_data_dir() as path:
        yield path


@pytest.fixture(scope="module")
def served() -> Iterator[Layout]:
    """The data directory of a process that serves it while the module's tests run."""
    with new_data_dir() as path:
        process = Parent(path, "serve")
        process.read_until("ready: ")
        yield Layout(root=path)
        process.end(signal.SIGTERM)


@pytest.fixture
def parent(data_dir: Path) -> Iterator[Callable[[str], Parent]]:
    """Start a process that does a deed (see parent.py); what is left at the end is ended with SIGTERM."""
    started: list[Parent] = []

    def start(deed: str) -> Parent:
        started.append(Parent(data_dir, deed))
        return started[-1]

    yield start
    for process in started:
        process.end(signal.SIGTERM)
