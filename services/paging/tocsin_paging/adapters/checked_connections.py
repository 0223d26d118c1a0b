"""Keeps a library that opens its own connections to addresses that the guard allows.

Apprise calls `requests.post` and offers no hook. So whatever urllib3 opens inside `checked_by` is resolved here,
checked, and connected to as checked; outside nothing changes. Where Apprise uses threads of its own, it carries the
caller's context into them.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from urllib3.util import connection

from tocsin_paging.adapters.guard import Guard

_GUARD: ContextVar[Guard | None] = ContextVar("guard", default=None)
_connect = connection.create_connection


@contextmanager
def checked_by(guard: Guard) -> Iterator[None]:
    """Inside, urllib3 connects to no address that the guard refuses: the connection fails with ForbiddenTarget.

    That goes for a proxy from the environment, too, as it is what is connected to.
    """
    token = _GUARD.set(guard)
    try:
        yield
    finally:
        _GUARD.reset(token)


def _connect_checked(address: tuple[str, int], *args: Any, **options: Any) -> socket.socket:
    guard, (host, port) = _GUARD.get(), address
    if guard is None:
        return _connect(address, *args, **options)
    *others, last = guard.addresses_now(host, port=port)
    for checked in others:
        try:
            return _connect((checked, port), *args, **options)
        except OSError:
            continue  # a host with several addresses: the next one may answer
    return _connect((last, port), *args, **options)


connection.create_connection = _connect_checked
