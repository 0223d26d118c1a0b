"""Logging in and out: tries that are counted, one-use links, log-ins that can be ended from anywhere."""

from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final
from uuid import UUID

from tocsin_access.directory import tell
from tocsin_access.sessions import LIFETIME, Session
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.directory import SessionRevoked
from tocsin_paging.domain.errors import GoneError
from tocsin_paging.domain.login import LINK_LIFETIME, WINDOW, AttemptDecision, may_try
from tocsin_paging.domain.person import Person
from tocsin_paging.store.people import PeopleRepository, email_key
from tocsin_paging.store.sessions import (
    AttemptRepository,
    LoginLinkRepository,
    SessionRepository,
    WebSession,
)
from tocsin_runtime.ids import new_id

_LONGEST_AGENT: Final = 300
_KEPT: Final = timedelta(days=30)


async def count_attempt(uow: UnitOfWork, account: str, *, address: str) -> AttemptDecision:
    """Count a try to log in before its password is looked at, and say whether it may go on (S20)."""
    attempts, key = AttemptRepository(uow.conn), _account_key(account)
    await attempts.hold(key, address)
    since = uow.now - WINDOW
    decision = may_try(await attempts.since(since, account=key, address=address))
    if decision.allowed:
        await attempts.add(key, address, now=uow.now)
        await attempts.forget_old(before=since)
    return decision


async def begin_session(uow: UnitOfWork, user_id: UUID, *, address: str, user_agent: str) -> Session:
    """Somebody has proven who they are: the session that goes into their cookie."""
    sessions = SessionRepository(uow.conn)
    session = Session(user_id, id=new_id(), expires_at=uow.now + LIFETIME)
    await sessions.forget_old(before=uow.now - _KEPT)
    await sessions.add(
        WebSession(
            session.id,
            user_id=user_id,
            address=address,
            user_agent=user_agent[:_LONGEST_AGENT],
            created_at=uow.now,
            expires_at=session.expires_at,
        )
    )
    return session


async def forgive_attempts(uow: UnitOfWork, account: str, *, address: str) -> None:
    """The right password was shown: earlier slips of this pair no longer count."""
    await AttemptRepository(uow.conn).clear(_account_key(account), address)


async def end_session(uow: UnitOfWork, session_id: UUID, *, user_id: UUID) -> bool:
    """End one of this person's log-ins everywhere; False when it was over already."""
    expires_at = await SessionRepository(uow.conn).end(session_id, user_id, now=uow.now)
    if expires_at is None:
        return False
    await tell(uow, SessionRevoked(id=session_id, version=1, user_id=user_id, expires_at=expires_at))
    return True


async def end_all_sessions(uow: UnitOfWork, user_id: UUID, *, keep: UUID | None = None) -> int:
    """End this person's log-ins, but for `keep`; how many there were."""
    running = await SessionRepository(uow.conn).running(user_id, now=uow.now)
    ended = [await end_session(uow, session.id, user_id=user_id) for session in running if session.id != keep]
    return sum(ended)


async def create_login_link(uow: UnitOfWork, user_id: UUID, *, lifetime: timedelta = LINK_LIFETIME) -> str:
    """The secret of a link `/login/link/<secret>` that logs this person in once. Only its hash is kept."""
    secret = token_urlsafe(32)
    expires_at = uow.now + lifetime
    links = LoginLinkRepository(uow.conn)
    await links.add(link_digest(secret), user_id, now=uow.now, expires_at=expires_at)
    return secret


async def use_login_link(uow: UnitOfWork, secret: str) -> Person:
    """Whom the link logs in; it is used up with this. Raises GoneError when it is unknown, used or over."""
    user_id = await LoginLinkRepository(uow.conn).use(link_digest(secret), now=uow.now)
    person = await PeopleRepository(uow.conn).get(user_id) if user_id else None
    if person is None:
        raise GoneError("This link was used, or is too old. 'tocsin token login' prints a new one.")
    return person


def link_digest(secret: str) -> str:
    """What is kept of a link's secret; as it is 256 random bits, a plain hash is enough."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _account_key(account: str) -> str:
    """Only a hash, as people type their password into the wrong field."""
    return sha256(email_key(account).encode("utf-8", "surrogatepass")).hexdigest()
