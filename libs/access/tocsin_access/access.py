"""The gate of one service: turns a bearer token or a cookie into a principal."""

from asyncio import Semaphore, timeout
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_access.directory import Directory
from tocsin_access.entries import Token, User
from tocsin_access.internal import InternalKeeper
from tocsin_access.keys import derived_key
from tocsin_access.memory import ShortMemory
from tocsin_access.principal import ADMIN_TOKEN, Principal
from tocsin_access.roles import ROLE_SCOPES, within
from tocsin_access.sessions import Session, SessionKeeper
from tocsin_access.tokens import TokenKeeper, looks_like_token
from tocsin_events.directory import Role
from tocsin_runtime.clock import process_now

REMEMBER_SECONDS: Final = 2.0
"""How long a look-up holds. With the bus's delay it keeps a revocation within five seconds."""
OWNER_SECONDS: Final = 0.3
"""How long the owner of tokens may take about one that is unknown here."""
_OWNER_CALLS: Final = 8

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Grant:
    """A token and the person whom it acts for; `owner` is None for a program of nobody, and when deleted."""

    token: Token
    owner: User | None

    def stands(self, now: datetime) -> bool:
        """Whether it opens anything: valid itself, and its owner still here."""
        return self.token.valid_at(now) and (self.token.owner_id is None or self.owner is not None)


class OwnerAwayError(Exception):
    """The owner of tokens cannot be asked just now."""


AskOwner = Callable[[str], Awaitable[Grant | None]]
"""Asks the owner of tokens about an unknown digest. Raises OwnerAwayError."""

Connect = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


class Access:
    """Knows who is calling. One per app, on `app.state.access`; safe for concurrent requests."""

    def __init__(
        self,
        secret_key: str,
        admin_token: str,
        public_url: str,
        connect: Connect,
        ask_owner: AskOwner | None = None,
        *,
        now: Callable[[], datetime] = process_now,
        owner_seconds: float = OWNER_SECONDS,
    ) -> None:
        self.public_url = public_url
        self.tokens = TokenKeeper(secret_key)
        self.sessions = SessionKeeper(secret_key, public_url)
        self.internal = InternalKeeper(secret_key)
        self.form_key = derived_key(secret_key, "open form")
        self.once_key = derived_key(secret_key, "shown once")
        self.now = now
        self._admin_token = admin_token
        self._connect = connect
        self._ask_owner = ask_owner
        self._owner_seconds = owner_seconds
        self._owner_calls = Semaphore(_OWNER_CALLS)
        self._grants = ShortMemory[str, Grant | None](REMEMBER_SECONDS)
        self._people = ShortMemory[Session, User | None](REMEMBER_SECONDS)

    def is_admin_token(self, plain: str) -> bool:
        """Whether this is the installation's own token, in constant time. Never when none is set."""
        return bool(self._admin_token) and compare_digest(
            plain.encode("utf-8", "surrogatepass"), self._admin_token.encode()
        )

    async def by_token(self, plain: str) -> Principal | None:
        """Whoever holds the token, or None when it is unknown, revoked, expired, or its owner has gone."""
        if self.is_admin_token(plain):
            return ADMIN_TOKEN
        if not looks_like_token(plain):
            return None
        digest = self.tokens.digest(plain)
        grant = await self._grants.get(digest, lambda: self._grant(digest))
        known = grant is not None and self.tokens.matches(plain, grant.token.digest)
        return _token_principal(grant) if grant and known and grant.stands(self.now()) else None

    async def by_cookie(self, cookie: str) -> Principal | None:
        """Whoever is logged in, or None when the cookie is forged or over, or its session or person gone."""
        session = self.sessions.read(cookie, self.now())
        if session is None:
            return None
        user = await self._people.get(session, lambda: self._person(session))
        return None if user is None else self._session_principal(user, session)

    async def on_its_way(self, cookie: str) -> bool:
        """Whether this is a good log-in of somebody of whom this service has not heard yet, though it will."""
        session = self.sessions.read(cookie, self.now())
        if session is None:
            return False
        async with self._connect() as conn:
            directory = Directory(conn)
            if await directory.session_revoked(session.id):
                return False
            return not await directory.names([session.user_id])

    def forget(self) -> None:
        """Look everything up anew: for the service that has just changed it."""
        self._grants.forget()
        self._people.forget()

    async def _grant(self, digest: str) -> Grant | None:
        async with self._connect() as conn:
            known = await find_grant(conn, digest)
        return known or await self._ask(digest)

    async def _ask(self, digest: str) -> Grant | None:
        if self._ask_owner is None:
            return None
        try:
            async with timeout(self._owner_seconds), self._owner_calls:
                return await self._ask_owner(digest)
        except (OwnerAwayError, TimeoutError) as error:
            log.warning("access.owner_away", error=type(error).__name__)
            return None

    async def _person(self, session: Session) -> User | None:
        async with self._connect() as conn:
            directory = Directory(conn)
            if await directory.session_revoked(session.id):
                return None
            return await directory.user(session.user_id)

    def _session_principal(self, user: User, session: Session) -> Principal:
        return Principal(
            user.id,
            name=user.name,
            role=user.role,
            scopes=ROLE_SCOPES[user.role],
            via="session",
            session_id=session.id,
            csrf=self.sessions.csrf(session.id),
            timezone=user.timezone,
        )


async def find_grant(conn: AsyncConnection, digest: str) -> Grant | None:
    """The token with this digest and its owner, from the copy on this connection."""
    directory = Directory(conn)
    token = await directory.token(digest)
    if token is None:
        return None
    return Grant(token, owner=await directory.user(token.owner_id) if token.owner_id else None)


def _token_principal(grant: Grant) -> Principal:
    token, owner = grant.token, grant.owner
    role = owner.role if owner else Role.VIEWER
    scopes = within(token.scopes, ROLE_SCOPES[role]) if owner else token.scopes
    return Principal(
        owner.id if owner else None,
        name=owner.name if owner else token.name,
        role=role,
        scopes=scopes,
        via="token",
        token_id=token.id,
        timezone=owner.timezone if owner else None,
    )
