"""Tocsin as a process of its own that can be killed, and whether it left a PostgreSQL behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tocsin.embedded_layout import Layout, open_postgres_lock, try_lock
from tocsin_testkit.waiting import wait_until

PARENT = Path(__file__).with_name("parent.py")


class Parent:
    """A process that starts the embedded PostgreSQL and prints one line for each thing that happens."""

    def __init__(self, data_dir: Path, deed: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(PARENT), str(data_dir), deed], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._lines = self._process.stdout

    def read_until(self, start: str) -> str:
        """The next line that starts so, without that start."""
        for line in self._lines:
            if line.startswith(start):
                return line.removeprefix(start).strip()
        raise AssertionError(f"the process ended without saying {start!r}")

    def end(self, sign: signal.Signals) -> tuple[int, list[str]]:
        """Send a signal and wait for the end; return the exit code and the lines that were not read yet."""
        self._process.send_signal(sign)
        rest = self._lines.read().splitlines()
        return self._process.wait(timeout=30), rest

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        return self._process.wait(timeout=30)


def has_no_server(data_dir: Path) -> bool:
    """Whether no process of a PostgreSQL is alive on the data directory."""
    lock = open_postgres_lock(Layout(root=data_dir))
    try:
        return try_lock(lock)
    finally:
        os.close(lock)


def wait_for_no_server(data_dir: Path) -> None:
    """Fail unless the last process of PostgreSQL ends within ten seconds."""
    wait_until(lambda: has_no_server(data_dir), within=10)
