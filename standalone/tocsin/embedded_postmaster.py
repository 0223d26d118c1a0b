"""One run of the embedded PostgreSQL: end what an earlier run left behind, start, become ready, stop."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tocsin.embedded_account import Account
from tocsin.embedded_binaries import Binaries
from tocsin.embedded_cluster import ensure_cluster, server_command
from tocsin.embedded_errors import EmbeddedError, explain
from tocsin.embedded_layout import Layout, open_postgres_lock, try_lock

_FAST, _IMMEDIATE = signal.SIGINT, signal.SIGQUIT
# How a left-over server is asked to end, after how many seconds; each way keeps what was committed.
_ENDING = ((0.0, _FAST), (20.0, _IMMEDIATE), (40.0, signal.SIGKILL))
_GIVE_UP_AFTER = 60.0
_SAY_SO_EVERY = 5.0
_POLL = 0.02


@dataclass(frozen=True)
class Host:
    """All that a start needs to know and that stays the same from one start to the next."""

    layout: Layout
    binaries: Binaries
    account: Account
    durable: bool = True


class Postmaster:
    """A PostgreSQL server process that we started; safe to stop twice."""

    def __init__(self, process: subprocess.Popen[bytes], layout: Layout) -> None:
        self._process = process
        self._layout = layout

    @property
    def pid(self) -> int:
        """The process id of the server's first process."""
        return self._process.pid

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    async def wait_ready(self, report: Callable[[str], None]) -> None:
        """Wait until logins are taken, as long as crash recovery needs; report progress each five seconds."""
        started = said = monotonic()
        while not self._is_ready():
            if self.has_ended():
                raise EmbeddedError(explain(_last_words(self._layout), self._layout.root))
            if monotonic() - said >= _SAY_SO_EVERY:
                said = monotonic()
                report(f"PostgreSQL is recovering from a crash ({said - started:.0f} s so far)")
            await asyncio.sleep(_POLL)

    def stop(self) -> None:
        """End sessions, write everything, stop; after 20 s at once, as safe but with a slower next start."""
        self._end(((20, _FAST), (10, _IMMEDIATE), (None, signal.SIGKILL)))

    def stop_at_once(self) -> None:
        """Stop within some seconds, as safe but with a slower next start."""
        self._end(((3, _IMMEDIATE), (2, signal.SIGKILL)))

    def _end(self, ways: Iterable[tuple[float | None, signal.Signals]]) -> None:
        for patience, sign in ways:
            if self.has_ended():
                return
            self._process.send_signal(sign)
            try:
                self._process.wait(patience)
            except subprocess.TimeoutExpired:
                continue

    def _is_ready(self) -> bool:
        lines = _pid_file_lines(self._layout)
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"


async def start_server(host: Host, report: Callable[[str], None]) -> Postmaster:
    """Start the server and wait until it is ready; end an old one first, make the cluster if there is none.

    Leaves no server behind if it is cancelled or fails.
    """
    postmaster = await _launch(host, report)
    try:
        await postmaster.wait_ready(report)
    except BaseException:
        postmaster.stop()
        raise
    return postmaster


async def _launch(host: Host, report: Callable[[str], None]) -> Postmaster:
    # All processes of a server inherit the lock: whoever can take it knows that no earlier one is alive.
    layout = host.layout
    lock = open_postgres_lock(layout)
    try:
        await _end_left_over(layout, lock, report)
        if not layout.data.exists():
            report(f"making a new database in {layout.root}")
        # Blocks for a second or two, once in the life of a data directory; a thread could not be cancelled.
        ensure_cluster(host.binaries, layout, host.account, keep=lock, durable=host.durable)
        _remove_stale_files(layout)
        with layout.start_log.open("wb") as output:
            command = server_command(host.binaries, layout, durable=host.durable)
            process = host.account.start(command, stdin=subprocess.DEVNULL, output=output, keep=[lock])
    finally:
        os.close(lock)
    return Postmaster(process, layout)


async def _end_left_over(layout: Layout, lock: int, report: Callable[[str], None]) -> None:
    started = monotonic()
    steps = list(_ENDING)
    while not try_lock(lock):
        waited = monotonic() - started
        if waited > _GIVE_UP_AFTER:
            raise EmbeddedError(
                f"a PostgreSQL of an earlier run does not let go of {layout.data}: end it by hand"
            )
        pid = _left_over_pid(layout)
        if pid is not None and steps and waited >= steps[0][0]:
            if steps[0][1] is _FAST:
                report(f"ending the PostgreSQL (process {pid}) that an earlier run left behind")
            _signal(pid, steps.pop(0)[1])
        await asyncio.sleep(_POLL)


def _remove_stale_files(layout: Layout) -> None:
    # Holding the lock we know that they are stale. PostgreSQL would refuse to start if their process id had
    # been given to another program, or were that of a dead process which nobody has waited for.
    layout.pid_file.unlink(missing_ok=True)
    for socket_file in layout.socket_dir.iterdir():
        socket_file.unlink()


def _left_over_pid(layout: Layout) -> int | None:
    """The server's process id, if it is a PostgreSQL on our data and not a later owner of the number."""
    lines = _pid_file_lines(layout)
    if not lines or not lines[0].isdecimal():
        return None
    command = _command_of(int(lines[0]))
    return int(lines[0]) if "postgres" in command and str(layout.data) in command else None


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        listed = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return listed.stdout


def _signal(pid: int, sign: signal.Signals) -> None:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return  # it ended by itself, which is what we want


def _pid_file_lines(layout: Layout) -> list[str]:
    try:
        return layout.pid_file.read_text().splitlines()
    except FileNotFoundError:
        return []


def _last_words(layout: Layout) -> str:
    words = layout.start_log.read_text(errors="replace")
    logs = sorted((layout.data / "log").glob("*.log"), key=lambda log: log.stat().st_mtime)
    if "redirecting log output" not in words or not logs:
        return words
    return logs[-1].read_text(errors="replace").rpartition("starting PostgreSQL")[2]
