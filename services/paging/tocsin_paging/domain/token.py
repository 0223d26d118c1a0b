"""API tokens: who may make which, and how long they live."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

LONGEST_LIFE: Final = timedelta(days=366 * 5)
TokenState = Literal["active", "revoked", "expired"]


@dataclass(frozen=True)
class ApiToken:
    """A token as it is kept. Times are aware UTC; a token without `owner_id` acts for nobody."""

    id: UUID
    name: str
    prefix: str
    digest: str = field(repr=False)
    scopes: frozenset[str]
    owner_id: UUID | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None
    version: int = 1

    def state(self, now: datetime) -> TokenState:
        """Whether it opens anything at this moment."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


@dataclass(frozen=True)
class Maker:
    """Who asks for a token: what they hold, and whether a token itself is asking."""

    user_id: UUID | None
    holds: Callable[[str], bool]
    by_token: bool


@dataclass(frozen=True)
class Wish:
    """The token asked for."""

    scopes: frozenset[str]
    owner_id: UUID | None
    expires_at: datetime | None


TokenReason = Literal["made", "no_scopes", "exceeds_maker", "for_somebody_else", "made_by_token", "expiry"]


def may_make(wish: Wish, maker: Maker, now: datetime) -> TokenReason:
    """Decide whether the token may be made: nobody hands out more than they hold (S21).

    People make tokens for themselves. For somebody else, for nobody, or with another token as the maker it
    takes `paging:admin`: else a stolen token could make itself a lasting twin.
    """
    administers = maker.holds("paging:admin")
    if not wish.scopes:
        return "no_scopes"
    if maker.by_token and not administers:
        return "made_by_token"
    if wish.owner_id != maker.user_id and not administers:
        return "for_somebody_else"
    if not all(maker.holds(scope) for scope in wish.scopes):
        return "exceeds_maker"
    if wish.expires_at is not None and not now < wish.expires_at <= now + LONGEST_LIFE:
        return "expiry"
    return "made"


def may_revoke(token: ApiToken, maker: Maker) -> bool:
    """Whether they may end it: the owner's people and tokens may, and administrators."""
    mine = token.owner_id is not None and token.owner_id == maker.user_id
    return mine or maker.holds("paging:admin")
