"""Log-ins, the one-use links that begin them, and the tries that are counted."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_paging.domain.login import Attempts
from tocsin_paging.store.access_tables import login_attempts, login_links, web_sessions


@dataclass(frozen=True)
class WebSession:
    """Somebody's log-in from one browser, as its owner sees it in the list. Times are aware UTC."""

    id: UUID
    user_id: UUID
    address: str
    user_agent: str
    created_at: datetime
    expires_at: datetime


class SessionRepository:
    """Reads and writes log-ins. Cookies are proven by their signature; this is what can be listed and ended."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def add(self, session: WebSession) -> None:
        """Insert a new log-in."""
        values = {
            "id": session.id,
            "user_id": session.user_id,
            "address": session.address,
            "user_agent": session.user_agent,
            "created_at": session.created_at,
            "expires_at": session.expires_at,
        }
        await self._conn.execute(insert(web_sessions).values(values))

    async def running(self, user_id: UUID, *, now: datetime) -> list[WebSession]:
        """Return somebody's log-ins that still hold, newest first."""
        t = web_sessions.c
        query = select(t.id, t.user_id, t.address, t.user_agent, t.created_at, t.expires_at)
        query = query.where(t.user_id == user_id, t.expires_at > now, t.ended_at.is_(None))
        rows = await self._conn.execute(query.order_by(t.id.desc()))
        return [WebSession(**row) for row in rows.mappings()]

    async def end(self, session_id: UUID, user_id: UUID, *, now: datetime) -> datetime | None:
        """Mark this person's log-in as ended; when it would have been over, or None when it was already."""
        t = web_sessions.c
        mine = (t.id == session_id) & (t.user_id == user_id) & t.ended_at.is_(None) & (t.expires_at > now)
        ended = update(web_sessions).where(mine).values(ended_at=now).returning(t.expires_at)
        over_at: datetime | None = await self._conn.scalar(ended)
        return over_at

    async def forget_old(self, *, before: datetime) -> None:
        """Drop what was over before this moment."""
        await self._conn.execute(delete(web_sessions).where(web_sessions.c.expires_at < before))
        await self._conn.execute(delete(login_links).where(login_links.c.expires_at < before))


class LoginLinkRepository:
    """Reads and writes one-use links, by the hash of their secret."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def add(self, digest: str, user_id: UUID, *, now: datetime, expires_at: datetime) -> None:
        """Insert a new link."""
        row = {"digest": digest, "user_id": user_id, "created_at": now, "expires_at": expires_at}
        await self._conn.execute(insert(login_links).values(row))

    async def standing(self, digest: str, *, now: datetime) -> UUID | None:
        """Return whom the link would log in; None when it is unknown, used or over."""
        t = login_links.c
        query = select(t.user_id).where(t.digest == digest, t.used_at.is_(None), t.expires_at > now)
        user_id: UUID | None = await self._conn.scalar(query)
        return user_id

    async def use(self, digest: str, *, now: datetime) -> UUID | None:
        """Use the link up and return whom it logs in; None when it is unknown, used or over. Only one can win."""
        t = login_links.c
        living = (t.digest == digest) & t.used_at.is_(None) & (t.expires_at > now)
        used = update(login_links).where(living).values(used_at=now).returning(t.user_id)
        user_id: UUID | None = await self._conn.scalar(used)
        return user_id


class AttemptRepository:
    """Counts tries to log in."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def hold(self, account: str, address: str) -> None:
        """Let tries at this account from this address count one after the other, until the commit."""
        await self._conn.execute(_LOCK, {"subject": f"login {account} {address}"})

    async def since(self, moment: datetime, *, account: str, address: str) -> Attempts:
        """Count the tries from this moment on."""
        t = login_attempts.c
        at_account, from_address = t.account == account, t.address == address
        query = select(
            func.count().filter(at_account & from_address),
            func.count().filter(from_address),
            func.count().filter(at_account),
        ).where(t.at > moment, at_account | from_address)
        pair, by_address, by_account = (await self._conn.execute(query)).one()
        return Attempts(pair=pair, address=by_address, account=by_account)

    async def add(self, account: str, address: str, *, now: datetime) -> None:
        """Count one more."""
        await self._conn.execute(insert(login_attempts).values(account=account, address=address, at=now))

    async def clear(self, account: str, address: str) -> None:
        """Forget this pair: its owner has shown the right password."""
        pair = (login_attempts.c.account == account) & (login_attempts.c.address == address)
        await self._conn.execute(delete(login_attempts).where(pair))

    async def forget_old(self, *, before: datetime) -> None:
        """Drop tries that no longer count."""
        await self._conn.execute(delete(login_attempts).where(login_attempts.c.at < before))


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 0))")
