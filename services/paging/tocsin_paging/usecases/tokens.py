"""Making and revoking API tokens."""

from dataclasses import replace
from uuid import UUID

from tocsin_access.directory import tell
from tocsin_access.principal import Principal
from tocsin_access.tokens import TokenKeeper
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.directory import TokenChanged
from tocsin_paging.domain.errors import InvalidChangeError, NotAllowedError, NotFoundError
from tocsin_paging.domain.token import (
    LONGEST_LIFE,
    ApiToken,
    Maker,
    TokenReason,
    Wish,
    may_make,
    may_revoke,
)
from tocsin_paging.store.people import PeopleRepository
from tocsin_paging.store.tokens import TokenRepository
from tocsin_runtime.ids import new_id

_WRONG: dict[TokenReason, tuple[str, str]] = {
    "no_scopes": ("/scopes", "A token without scopes opens nothing. Choose at least one."),
    "expiry": ("/expires_at", f"Let it expire in the future, within {LONGEST_LIFE.days} days."),
}
_NOT_ALLOWED: dict[TokenReason, str] = {
    "exceeds_maker": "A token cannot hold more than you do. Leave out what you lack.",
    "for_somebody_else": "Making tokens for others needs the scope paging:admin.",
    "made_by_token": "A token needs paging:admin to make another one. Log in instead.",
}


def maker_of(principal: Principal) -> Maker:
    """Whoever asks, as the rules of tokens see them."""
    return Maker(principal.user_id, holds=principal.may, by_token=principal.via == "token")


async def make_token(
    uow: UnitOfWork, wish: Wish, *, name: str, maker: Maker, created_by: str, keeper: TokenKeeper
) -> tuple[ApiToken, str]:
    """The new token, and its plain text, which is kept nowhere: show it once.

    Raises NotAllowedError or InvalidChangeError, each saying what to do.
    """
    reason = may_make(wish, maker, uow.now)
    if reason in _WRONG:
        pointer, detail = _WRONG[reason]
        raise InvalidChangeError(detail, pointer=pointer)
    if reason != "made":
        raise NotAllowedError(_NOT_ALLOWED[reason])
    if wish.owner_id is not None and await PeopleRepository(uow.conn).get(wish.owner_id) is None:
        detail = f"There is no person {wish.owner_id} to own the token."
        raise InvalidChangeError(detail, pointer="/owner_id")
    issued = keeper.issue()
    token = ApiToken(
        new_id(),
        name=name,
        prefix=issued.prefix,
        digest=issued.digest,
        scopes=wish.scopes,
        owner_id=wish.owner_id,
        created_by=created_by,
        created_at=uow.now,
        expires_at=wish.expires_at,
    )
    await TokenRepository(uow.conn).add(token)
    await _tell(uow, token)
    return token, issued.plain


async def revoke_token(uow: UnitOfWork, token_id: UUID, *, maker: Maker) -> None:
    """Revoke a token; revoking it again changes nothing.

    Raises NotFoundError for an unknown token, and for somebody else's: its existence is nobody's business.
    """
    token = await TokenRepository(uow.conn).get(token_id, lock=True)
    if token is None or not may_revoke(token, maker):
        raise NotFoundError(f"There is no token {token_id} that you may revoke.")
    if token.revoked_at is None:
        await _revoke(uow, token)


async def revoke_all_tokens(uow: UnitOfWork, owner_id: UUID) -> None:
    """Revoke whatever tokens act for this person."""
    for token in await TokenRepository(uow.conn).living_of(owner_id):
        await _revoke(uow, token)


async def _revoke(uow: UnitOfWork, token: ApiToken) -> None:
    after = replace(token, revoked_at=uow.now, version=token.version + 1)
    await TokenRepository(uow.conn).mark_revoked(after, now=uow.now)
    await _tell(uow, after)


async def _tell(uow: UnitOfWork, token: ApiToken) -> None:
    event = TokenChanged(
        id=token.id,
        version=token.version,
        name=token.name,
        prefix=token.prefix,
        digest=token.digest,
        scopes=sorted(token.scopes),
        owner_id=token.owner_id,
        expires_at=token.expires_at,
        revoked=token.revoked_at is not None,
    )
    await tell(uow, event)
