"""A real PostgreSQL for tests: the embedded one, started once a session, and databases from a template."""

import asyncio
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tocsin.embedded import prepare_host, url_of
from tocsin.embedded_cluster import SUPERUSER
from tocsin.embedded_layout import open_layout
from tocsin.embedded_postmaster import Host, Postmaster, start_server

SERVER_VARIABLE = "TOCSIN_TEST_DATABASE_URL"
T = TypeVar("T")


class TestServer:
    """A PostgreSQL server, to be used in a `with`; its methods block and are not tied to an event loop.

    With TOCSIN_TEST_DATABASE_URL (a login with CREATEDB and CREATEROLE) that server is used, never stopped.
    Else one is started on a fresh directory, fast and lossy. A `durable` one, for fault tests, is set up as
    in production and always a server of our own.
    """

    __test__ = False

    def __init__(self, *, durable: bool = False) -> None:
        self._foreign = None if durable else os.environ.get(SERVER_VARIABLE)
        self._durable = durable
        self._host: Host | None = None
        self._postmaster: Postmaster | None = None

    def __enter__(self) -> Self:
        if self._foreign is None:
            self._host = replace(_new_host(), durable=self._durable)
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._host is not None:
            self._own_postmaster.stop()
            shutil.rmtree(self._host.layout.root)

    def start(self) -> None:
        """Start the server after `stop` or `kill`, with the same data and URL; wait until it takes logins."""
        self._postmaster = _run(start_server(self._own_host, _say_nothing))

    def stop(self) -> None:
        """Stop the server as `tocsin up` does."""
        self._own_postmaster.stop()

    def kill(self) -> None:
        """Kill the server's first process with SIGKILL and wait for its end; the others end by themselves."""
        os.kill(self._own_postmaster.pid, signal.SIGKILL)
        self._own_postmaster.stop()

    @property
    def url(self) -> str:
        """The URL of a login that may create databases and roles; for SQLAlchemy on asyncpg."""
        return self._foreign or url_of(self._own_host.layout)

    @property
    def superuser_url(self) -> str:
        """The superuser's URL, for faults that no login could cause."""
        return url_of(self._own_host.layout, login=SUPERUSER)

    def create_database(self, template: str | None = None) -> str:
        """Make a database, empty or as a copy of the one whose URL (or name) is given, and return its URL.

        Nobody may be connected to the template meanwhile.
        """
        name = f"tocsin_test_{secrets.token_hex(6)}"
        source = _name_of(template) if template else "template0"
        # Copying files takes a third of the time of the default, which writes the copy to the log.
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY file_copy')
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def drop_database(self, url: str) -> None:
        """Drop a database that `create_database` made; whoever is connected to it is cut off."""
        self._execute(f'DROP DATABASE IF EXISTS "{_name_of(url)}" WITH (FORCE)')

    @property
    def _own_host(self) -> Host:
        assert self._host is not None, "only a server that we started can do this, and only inside its `with`"
        return self._host

    @property
    def _own_postmaster(self) -> Postmaster:
        assert self._postmaster is not None, "only a server that we started can do this"
        return self._postmaster

    def _execute(self, statement: str) -> None:
        _run(_execute(self.url, statement))


def _new_host() -> Host:
    # Not below pytest's tmp_path, which root keeps closed to the account that PostgreSQL runs as.
    root = Path(tempfile.mkdtemp(prefix="tocsin-test-"))
    root.chmod(0o711)
    return prepare_host(open_layout(root), _say_nothing)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _name_of(database: str) -> str:
    return urlsplit(database).path.removeprefix("/")


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own, so that it works whether or not this one has a running loop."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


def _say_nothing(_: str) -> None:
    """Tests need no progress report."""
