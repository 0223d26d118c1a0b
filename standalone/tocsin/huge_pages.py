"""One process with its heap in huge pages (decision 26): at rest its memory is cold, and each small page costs a walk.

The allocator of the C library can ask for them, Python's own cannot before 3.15, and either is chosen only before the
interpreter starts. So it is started once more, in the same process.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

HEAP = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
OFFERED = Path("/sys/kernel/mm/transparent_hugepage/enabled")
SINCE = (2, 35)
"""The version of glibc that knows the tunable."""


def use_huge_pages() -> None:
    """Start this interpreter again with its heap in huge pages, where the machine has some and nobody chose otherwise.

    Returns at once in the new one, whose children do not inherit the choice: PostgreSQL's many small processes would
    grow by it.
    """
    if all(os.environ.get(name) == value for name, value in HEAP.items()):
        for name in HEAP:
            del os.environ[name]
    elif are_wanted(os.environ, offered=_offered(), libc=_libc()):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **HEAP})


def are_wanted(environment: Mapping[str, str], *, offered: str, libc: str) -> bool:
    """Whether to ask: `offered` is what the kernel says of huge pages, `libc` names the C library and its version."""
    if any(name in environment for name in HEAP) or "[never]" in offered or not offered:
        return False
    name, _, version = libc.partition(" ")
    return name == "glibc" and tuple(int(part) for part in version.split(".")[:2]) >= SINCE


def _offered() -> str:
    return OFFERED.read_text() if OFFERED.exists() else ""


def _libc() -> str:
    known = "CS_GNU_LIBC_VERSION"
    return (os.confstr(known) or "") if known in os.confstr_names else ""
