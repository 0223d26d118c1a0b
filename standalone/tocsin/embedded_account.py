"""Who runs the embedded PostgreSQL, which refuses to run as root, and how commands are run as them."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tocsin.embedded_errors import EmbeddedError

SYSTEM_USER = "tocsin"
_FALLBACKS = ("postgres", "nobody")
# A clean environment: PGPORT, PGDATA or a foreign locale of the operator's shell must not reach the server.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_FIRST_CLOSED = 'for d; do cd "$d" 2>/dev/null || { echo "$d"; exit 1; }; done'


@dataclass(frozen=True)
class Account:
    """The operating system account that owns the data and runs PostgreSQL; never root."""

    name: str
    uid: int
    gid: int

    @property
    def is_another(self) -> bool:
        """Whether this process, being root, has to step down to run as the account."""
        return self.uid != os.geteuid()

    def start(
        self, command: Sequence[str | Path], *, stdin: int, output: IO[bytes] | int, keep: Sequence[int] = ()
    ) -> subprocess.Popen[bytes]:
        """Start a command as the account, out of the terminal's Ctrl-C; it inherits the open files `keep`."""
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=_ENVIRONMENT,
            pass_fds=tuple(keep),
            start_new_session=True,
            user=self.uid if self.is_another else None,
            group=self.gid if self.is_another else None,
            extra_groups=[] if self.is_another else None,
        )

    def run(
        self, command: Sequence[str | Path], *, text: str = "", keep: Sequence[int] = ()
    ) -> tuple[int, str]:
        """Run a command with `text` on its standard input; return its exit code and all it printed."""
        process = self.start(command, stdin=subprocess.PIPE, output=subprocess.PIPE, keep=keep)
        output, _ = process.communicate(text.encode())
        return process.returncode, output.decode(errors="replace")


def choose_account(home: Path, report: Callable[[str], None]) -> Account:
    """Decide who runs PostgreSQL: the owner of existing data, else this user, else (as root) a system user.

    Creates the system user `tocsin` when this process is root and there is none yet, and says so.
    """
    owner = home.stat().st_uid if home.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise EmbeddedError(
                f"{home} belongs to another user: start Tocsin as that user or choose another --data-dir"
            )
        return Account(name=_name_of(os.geteuid()), uid=os.geteuid(), gid=os.getegid())
    if owner == 0:
        raise EmbeddedError(
            f"{home} belongs to root, as whom PostgreSQL refuses to run: chown -R it to another user"
        )
    account = _account_of(owner) if owner is not None else _system_user(report)
    report(f"running as root: PostgreSQL runs as the user {account.name}")
    return account


def require_reach(account: Account, directory: Path) -> None:
    """Raise unless the account can enter the directory; a closed parent is named and never opened by us."""
    way = [*reversed(directory.parents), directory]
    code, output = account.run(["/bin/sh", "-c", _FIRST_CLOSED, "sh", *way])
    if code != 0:
        closed = output.strip()
        raise EmbeddedError(
            f"the user {account.name} may not enter {closed}: choose a directory it can reach "
            "with --data-dir, such as /var/lib/tocsin"
        )


def _system_user(report: Callable[[str], None]) -> Account:
    known = {entry.pw_name for entry in pwd.getpwall()}
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if SYSTEM_USER not in known and useradd is not None:
        done = subprocess.run(
            [
                useradd,
                "--system",
                "--user-group",
                "--no-create-home",
                "--shell",
                "/usr/sbin/nologin",
                SYSTEM_USER,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        report(f"made the system user {SYSTEM_USER}" if done.returncode == 0 else done.stderr.strip())
    for name in (SYSTEM_USER, *_FALLBACKS):
        try:
            return _account_of(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    raise EmbeddedError(
        f"PostgreSQL may not run as root: make a user named {SYSTEM_USER}, or start Tocsin as a user"
    )


def _account_of(uid: int) -> Account:
    try:
        return Account(name=_name_of(uid), uid=uid, gid=pwd.getpwuid(uid).pw_gid)
    except KeyError:
        raise EmbeddedError(
            f"the data belongs to user id {uid}, which this machine does not know: chown -R it"
        ) from None


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
