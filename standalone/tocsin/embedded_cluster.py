"""The database cluster on disk: made once, all or nothing, with passwords, without TCP; its settings."""

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from tocsin.embedded_account import Account
from tocsin.embedded_binaries import MAJOR, Binaries
from tocsin.embedded_errors import EmbeddedError, explain
from tocsin.embedded_layout import Layout

LOGIN = "tocsin"
DATABASE = "tocsin"
SUPERUSER = "postgres"
_ROOM_FOR_A_NEW_CLUSTER = 512 * 1024 * 1024
_LOG_FILES_AHEAD = 16

# Given on the command line: a release can change them, and no file or ALTER SYSTEM can undo the first three.
_SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "cluster_name": "tocsin",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "max_wal_size": "512MB",
    # Log files that are kept to be written over: to make a new one holds up every commit for some 50 ms.
    "min_wal_size": f"{_LOG_FILES_AHEAD * 16}MB",
    "random_page_cost": "1.1",
    "jit": "off",
    # Two processes that would look five times a second whether there is anything to write.
    "bgwriter_delay": "1s",
    "wal_writer_delay": "1s",
    # Fewer processes: no I/O workers, no logical replication, no parallel queries; one machine, small tables.
    "io_method": "sync",
    "max_logical_replication_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "autovacuum_max_workers": "2",
    "autovacuum_vacuum_cost_limit": "400",
    # A week of logs, each day's file written over a week later.
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "lc_messages": "C",
}
_FAST_AND_LOSSY = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_wal_size": "2GB",
}


def server_command(binaries: Binaries, layout: Layout, *, durable: bool) -> list[str | Path]:
    """The command line of the server; `durable=False` gives up safety for speed and is for tests alone."""
    settings = _SETTINGS | ({} if durable else _FAST_AND_LOSSY)
    flags = (part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
    return [binaries.program("postgres"), "-D", layout.data, "-k", layout.socket_dir, *flags]


def ensure_cluster(binaries: Binaries, layout: Layout, account: Account, *, keep: int, durable: bool) -> None:
    """Make the cluster unless it is there; raise if it is of another major version or lacks its password.

    A new one is made beside its place and moved there when it is complete. `keep` is PostgreSQL's open lock,
    which the programs inherit, so that a start after a crash waits for the end of a left-over `initdb`.
    """
    if layout.data.exists():
        _require_version(layout)
        read_password(layout)
        return
    if shutil.disk_usage(layout.root).free < _ROOM_FOR_A_NEW_CLUSTER:
        raise EmbeddedError(
            f"the disk that holds {layout.root} has less than 512 MiB free: free some and start again"
        )
    _ensure_password(layout, account)
    staging = layout.home / "data.new"
    if staging.exists():
        shutil.rmtree(staging)
    for command, text in _creation(binaries, layout, staging, durable=durable):
        code, output = account.run(command, text=text, keep=[keep])
        if code != 0:
            raise EmbeddedError(explain(output, layout.root))
    staging.rename(layout.data)
    _sync_folder(layout.home)


def read_password(layout: Layout) -> str:
    """The password of the logins, letters, digits, `-` and `_` only."""
    try:
        return layout.password_file.read_text().strip()
    except OSError as error:
        raise EmbeddedError(
            f"cannot read {layout.password_file} ({error.strerror}), the password of the database beside it: "
            "restore the file from your backup"
        ) from error


def _creation(
    binaries: Binaries, layout: Layout, staging: Path, *, durable: bool
) -> Iterator[tuple[list[str | Path], str]]:
    # The built-in locale sorts and folds the same on every machine and with every version of its C library.
    yield (
        [
            *(binaries.program("initdb"), "--pgdata", staging, "--username", SUPERUSER),
            *(
                "--auth=scram-sha-256",
                "--pwfile",
                layout.password_file,
                "--encoding=UTF8",
                "--no-instructions",
            ),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(() if durable else ("--no-sync",)),
        ],
        "",
    )
    # The login has the rights that we ask of a login on a foreign server, no more, so that both behave alike.
    yield (
        [
            *(binaries.program("postgres"), "--single", "-j", "-D", staging, "-c", "exit_on_error=on"),
            *("-c", f"min_wal_size={_SETTINGS['min_wal_size']}", "postgres"),
        ],
        f"CREATE ROLE {LOGIN} LOGIN CREATEROLE CREATEDB PASSWORD '{read_password(layout)}';\n\n"
        f"CREATE DATABASE {DATABASE} OWNER {LOGIN};\n\n" + (_log_files() if durable else ""),
    )


def _log_files() -> str:
    """Begin as many log files as are kept: the checkpoint makes the files of the first storm of those behind it."""
    begin_next = "SELECT pg_logical_emit_message(false, 'tocsin', '');\n\nSELECT pg_switch_wal();\n\n"
    return begin_next * _LOG_FILES_AHEAD + "CHECKPOINT;\n\n"


def _ensure_password(layout: Layout, account: Account) -> None:
    if layout.password_file.exists():
        return
    unfinished = layout.password_file.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{secrets.token_urlsafe(24)}\n")
        file.flush()
        os.fsync(file.fileno())
        if account.is_another:
            os.fchown(file.fileno(), account.uid, account.gid)
    unfinished.rename(layout.password_file)
    _sync_folder(layout.root)


def _require_version(layout: Layout) -> None:
    found = (layout.data / "PG_VERSION").read_text().strip()
    if found != MAJOR:
        raise EmbeddedError(
            f"{layout.data} was written by PostgreSQL {found}, and this Tocsin brings {MAJOR}: dump it "
            "with the Tocsin that wrote it (pg_dump), then restore the dump into an empty --data-dir"
        )


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
