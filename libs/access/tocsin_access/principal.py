"""Who is behind a request."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from tocsin_access.roles import EVERYTHING, holds
from tocsin_events.directory import Role
from tocsin_theme.theme import Viewer


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a program, and what it may do.

    `user_id` is the person it acts for, None for a program of nobody and for the admin token. `scopes` are
    already cut down to what that person's role holds. `csrf` is empty but for a session. `timezone` is an
    IANA name.
    """

    user_id: UUID | None
    name: str
    role: Role
    scopes: frozenset[str]
    via: Literal["token", "session", "admin"]
    token_id: UUID | None = None
    session_id: UUID | None = None
    csrf: str = ""
    timezone: str | None = None

    def may(self, scope: str) -> bool:
        """Whether it holds the scope."""
        return holds(self.scopes, scope)

    def viewer(self) -> Viewer:
        """The same as pages know it."""
        return Viewer(
            self.user_id, name=self.name, role=self.role.value, csrf=self.csrf, timezone=self.timezone
        )


ADMIN_TOKEN = Principal(
    None, name="admin token", role=Role.ADMIN, scopes=frozenset({EVERYTHING}), via="admin"
)
"""Whoever holds the installation's own token from `TOCSIN_ADMIN_TOKEN`."""
