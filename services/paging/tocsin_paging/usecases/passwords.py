"""Passwords as argon2id hashes, made and checked in threads of their own so that the event loop never waits."""

from asyncio import get_running_loop
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER: Final = PasswordHasher()  # argon2id, 64 MiB, 3 passes: RFC 9106, second choice
_THREADS: Final = ThreadPoolExecutor(2, thread_name_prefix="argon2")
_LOOKED_AT: Final = 1000

NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$DwfvE0lbLOaa0mNwlP67SQ$gLrCe5VMCS/KD8vnzWvXJhC2NOjbmsj67xQmDVCkR2c"
)
"""The hash of a password that nobody knows: an unknown account costs the same time as a known one (S20)."""


async def hashed(password: str) -> str:
    """The hash to keep."""
    return await get_running_loop().run_in_executor(_THREADS, _HASHER.hash, password)


async def is_right(password: str, known: str | None) -> bool:
    """Whether the password has this hash. Takes the same time when there is none."""
    matches = await get_running_loop().run_in_executor(
        _THREADS, _matches, password[:_LOOKED_AT], known or NOBODY
    )
    return matches and known is not None


def _matches(password: str, known: str) -> bool:
    try:
        return _HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
