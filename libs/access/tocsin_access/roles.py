"""The scopes that exist, and which of them a role holds."""

from typing import Final, Literal, get_args

from tocsin_events.directory import Role

Scope = Literal[
    "alerts:read",
    "alerts:write",
    "incidents:read",
    "incidents:write",
    "paging:read",
    "paging:write",
    "paging:admin",
    "comms:read",
    "comms:write",
    "analytics:read",
    "config:write",
    "*",
]

EVERYTHING: Final = "*"
SCOPES: Final[frozenset[str]] = frozenset(get_args(Scope))
"""Every scope that a token may be given."""

_READ: Final = frozenset(scope for scope in SCOPES if scope.endswith(":read"))

ROLE_SCOPES: Final[dict[Role, frozenset[str]]] = {
    Role.ADMIN: frozenset({EVERYTHING}),
    Role.RESPONDER: _READ | {"alerts:write", "incidents:write", "paging:write", "comms:write"},
    Role.VIEWER: _READ,
}


def holds(granted: frozenset[str], scope: str) -> bool:
    """Whether the granted scopes include this one."""
    return EVERYTHING in granted or scope in granted


def within(wanted: frozenset[str], granted: frozenset[str]) -> frozenset[str]:
    """What remains of the wanted scopes when nothing may exceed the granted ones."""
    if EVERYTHING in granted:
        return wanted
    if EVERYTHING in wanted:
        return granted
    return wanted & granted
