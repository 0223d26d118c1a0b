"""Huge pages for the heap are asked for where there are some, and where nobody chose otherwise."""

import pytest

from tocsin.huge_pages import are_wanted

OFFERED = "always [madvise] never\n"


@pytest.mark.parametrize("offered", [OFFERED, "[always] madvise never\n"])
@pytest.mark.parametrize("libc", ["glibc 2.35", "glibc 2.41", "glibc 3.0"])
def test_they_are_wanted(offered: str, libc: str) -> None:
    assert are_wanted({"PATH": "/bin"}, offered=offered, libc=libc)


@pytest.mark.parametrize(
    ("environment", "offered", "libc"),
    [
        ({"PYTHONMALLOC": "debug"}, OFFERED, "glibc 2.36"),
        ({"GLIBC_TUNABLES": ""}, OFFERED, "glibc 2.36"),
        ({}, "always madvise [never]\n", "glibc 2.36"),
        ({}, "", "glibc 2.36"),
        ({}, OFFERED, "glibc 2.34"),
        ({}, OFFERED, ""),
    ],
    ids=[
        "an allocator chosen",
        "tunables chosen",
        "switched off",
        "no such thing",
        "too old",
        "another library",
    ],
)
def test_they_are_not(environment: dict[str, str], offered: str, libc: str) -> None:
    assert not are_wanted(environment, offered=offered, libc=libc)
