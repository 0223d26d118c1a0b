"""API tokens: only their prefix and keyed hash are ever here (S3)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_paging.domain.token import ApiToken, TokenState
from tocsin_paging.store.access_tables import api_tokens


@dataclass(frozen=True)
class TokenFilter:
    """What a list of tokens is cut down to; None means any. `state` is that at `now`."""

    owner_id: UUID | None = None
    name: str | None = None
    prefix: str | None = None
    state: TokenState | None = None


class TokenRepository:
    """Reads and writes API tokens. Revoked and expired ones stay in the list."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def get(self, token_id: UUID, *, lock: bool = False) -> ApiToken | None:
        """Return the token, its row locked if asked."""
        query = select(api_tokens).where(api_tokens.c.id == token_id)
        row = (await self._conn.execute(query.with_for_update() if lock else query)).mappings().first()
        return _token(row) if row else None

    async def listed(
        self, wanted: TokenFilter, *, now: datetime, after: UUID | None = None, limit: int = 200
    ) -> list[ApiToken]:
        """Return tokens, newest first, beginning after `after`."""
        query = (
            select(api_tokens).where(*_conditions(wanted, now)).order_by(api_tokens.c.id.desc()).limit(limit)
        )
        return await self._all(query.where(api_tokens.c.id < after) if after else query)

    async def living_of(self, owner_id: UUID) -> list[ApiToken]:
        """Lock and return somebody's tokens that are not revoked."""
        mine = (api_tokens.c.owner_id == owner_id) & api_tokens.c.revoked_at.is_(None)
        return await self._all(select(api_tokens).where(mine).order_by(api_tokens.c.id).with_for_update())

    async def add(self, token: ApiToken) -> None:
        """Insert a new token."""
        values = {
            "id": token.id,
            "name": token.name,
            "prefix": token.prefix,
            "digest": token.digest,
            "scopes": sorted(token.scopes),
            "owner_id": token.owner_id,
            "created_by": token.created_by,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
            "version": token.version,
        }
        await self._conn.execute(insert(api_tokens).values(values))

    async def mark_revoked(self, token: ApiToken, *, now: datetime) -> None:
        """Write that the token is over, and its new version."""
        mine = api_tokens.c.id == token.id
        await self._conn.execute(update(api_tokens).where(mine).values(revoked_at=now, version=token.version))

    async def _all(self, query: Select[Any]) -> list[ApiToken]:
        rows = await self._conn.execute(query)
        return [_token(row) for row in rows.mappings()]


def _conditions(wanted: TokenFilter, now: datetime) -> list[Any]:
    same = {name: getattr(wanted, name) for name in ("owner_id", "name", "prefix")}
    conditions: list[Any] = [api_tokens.c[name] == value for name, value in same.items() if value is not None]
    if wanted.state is not None:
        conditions.append(_in_state(wanted.state, now))
    return conditions


def _in_state(state: TokenState, now: datetime) -> Any:
    revoked, expires = api_tokens.c.revoked_at, api_tokens.c.expires_at
    match state:
        case "revoked":
            return revoked.is_not(None)
        case "expired":
            return revoked.is_(None) & (expires <= now)
        case "active":
            return revoked.is_(None) & (expires.is_(None) | (expires > now))


def _token(row: RowMapping) -> ApiToken:
    return ApiToken(
        row["id"],
        name=row["name"],
        prefix=row["prefix"],
        digest=row["digest"],
        scopes=frozenset(row["scopes"]),
        owner_id=row["owner_id"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        version=row["version"],
    )
