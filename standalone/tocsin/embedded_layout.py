"""Where the embedded PostgreSQL keeps its things below Tocsin's data directory, and their locks.

- `up.lock`: held by the one live `tocsin up`
- `postgres.lock`: held by PostgreSQL itself, every process of which inherits the open file
- `password`: of the logins `tocsin` and `postgres`, mode 0600
- `postgres-start.log`: what PostgreSQL printed before its own log began
- `postgres/data`: the database cluster, with its logs in `log`
- `run`: the socket, mode 0700; elsewhere if the path is too long for a socket
- `postgresql-18-…`: the programs, copied when root starts Tocsin
"""

import fcntl
import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tocsin.embedded_account import Account
from tocsin.embedded_errors import EmbeddedError

# A socket's path may have 103 bytes on every system; "/.s.PGSQL.5432" takes 14 of them.
_LONGEST_SOCKET_DIR = 88
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")


@dataclass(frozen=True)
class Layout:
    """The paths below one data directory, which is absolute and without symbolic links."""

    root: Path

    @property
    def home(self) -> Path:
        """The folder that belongs to the account PostgreSQL runs as."""
        return self.root / "postgres"

    @property
    def data(self) -> Path:
        """The database cluster (PGDATA)."""
        return self.home / "data"

    @property
    def pid_file(self) -> Path:
        """The file in which a running PostgreSQL states its process id and whether it is ready."""
        return self.data / "postmaster.pid"

    @property
    def start_log(self) -> Path:
        """What PostgreSQL printed before its own log began; written anew at each start."""
        return self.root / "postgres-start.log"

    @property
    def password_file(self) -> Path:
        """The generated password."""
        return self.root / "password"

    @property
    def socket_dir(self) -> Path:
        """The folder of the socket: below the data directory, or a short name that stands for it."""
        preferred = self.root / "run"
        if len(os.fsencode(preferred)) <= _LONGEST_SOCKET_DIR and _PLAIN_PATH.fullmatch(str(preferred)):
            return preferred
        short = f"tocsin-{sha256(os.fsencode(self.root)).hexdigest()[:12]}"
        return Path("/run" if os.access("/run", os.W_OK) else "/tmp") / short


def open_layout(data_dir: Path) -> Layout:
    """Make the data directory if it is missing; an existing one, and its parents, are left as they are."""
    root = data_dir.expanduser().resolve()
    try:
        if not root.exists():
            root.mkdir(parents=True)
            # Root's other account has to pass through; nothing in here is readable for others.
            root.chmod(0o711 if os.geteuid() == 0 else 0o700)
        if not root.is_dir():
            raise EmbeddedError(f"{root} is not a directory: choose another with --data-dir")
        os.close(_open_lock(root / "up.lock"))
    except OSError as error:
        raise EmbeddedError(
            f"cannot write to {root} ({error.strerror}): choose another with --data-dir"
        ) from error
    return Layout(root=root)


def hold_for_this_process(layout: Layout) -> int:
    """Take the data directory for this process; the system frees the returned lock however we end."""
    lock = _open_lock(layout.root / "up.lock")
    if not try_lock(lock):
        holder = os.read(lock, 32).decode().strip()
        os.close(lock)
        raise EmbeddedError(
            f"another Tocsin (process {holder}) is running on {layout.root}: stop it first, "
            "or give this one a --data-dir of its own"
        )
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def open_postgres_lock(layout: Layout) -> int:
    """Open the lock that PostgreSQL's processes inherit, without taking it."""
    return _open_lock(layout.root / "postgres.lock")


def try_lock(lock: int) -> bool:
    """Take an open lock if nobody else has it."""
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def make_private(directory: Path, account: Account) -> None:
    """Make a folder that only the account may use, or check that an existing one is that."""
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
        if account.is_another:
            os.chown(directory, account.uid, account.gid)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
        raise EmbeddedError(
            f"{directory} is not a folder that only {account.name} may use: remove it and start again"
        )


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
