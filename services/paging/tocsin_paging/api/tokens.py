"""`/api/v1/tokens`: API tokens, and the question of the other services whether one is good."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tocsin_access.access import Grant, find_grant
from tocsin_access.dependencies import access_of, require, require_internal
from tocsin_access.owner import CHECK_PATH, OWNER
from tocsin_access.principal import Principal
from tocsin_access.roles import Scope
from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.requests import ReadConnection, RequestReading, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_paging.api.fields import Name, Text
from tocsin_paging.domain.errors import NotFoundError
from tocsin_paging.domain.token import ApiToken, TokenState, Wish
from tocsin_paging.store.tokens import TokenFilter, TokenRepository
from tocsin_paging.usecases.tokens import make_token, maker_of, revoke_token

router = api_router(prefix="/api/v1/tokens", tags=["tokens"])
internal = api_router(prefix="", tags=["internal"])
Caller = Annotated[Principal, Depends(require("paging:read"))]


class TokenBody(BaseModel):
    """The token wanted. Without `owner_id` it acts for whoever asks; null makes one that acts for nobody."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    scopes: list[Scope] = Field(min_length=1, max_length=50)
    owner_id: UUID | None = None
    expires_at: AwareDatetime | None = None


class TokenOut(BaseModel):
    """A token as far as it may be known."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    owner_id: UUID | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    state: TokenState


class NewTokenOut(TokenOut):
    """A new token. `token` is shown here only, and kept nowhere."""

    token: str


class Filters(BaseModel):
    """Filters of the list."""

    owner_id: UUID | None = None
    name: Text | None = None
    prefix: Text | None = None
    state: TokenState | None = None


class Question(BaseModel):
    """The keyed hash of a token that a service does not know yet."""

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")


@router.get("", name="list_tokens")
async def list_tokens(
    request: Request,
    response: Response,
    reading: RequestReading,
    page: ListQueryParams,
    by: Caller,
    filters: Annotated[Filters, Query()],
) -> Listing[TokenOut]:
    """Tokens, newest first. Without the scope paging:admin only one's own."""
    wanted, now = TokenFilter(**filters.model_dump()), reading.now
    if not by.may("paging:admin"):
        if by.user_id is None or wanted.owner_id not in (None, by.user_id):
            return Listing(items=[])
        wanted = replace(wanted, owner_id=by.user_id)
    after = UUID(page.after[0]) if page.after else None
    found = await TokenRepository(reading.conn).listed(wanted, now=now, after=after, limit=page.limit + 1)
    shown, cursor = page.cut(found, lambda token: [str(token.id)])
    link_next(request, response, cursor)
    return Listing(items=[_out(token, now) for token in shown], next=cursor)


@router.post("", name="create_token", status_code=201)
async def create_token(
    request: Request, response: Response, uow: RequestUnitOfWork, by: Caller, body: TokenBody
) -> NewTokenOut:
    """Make a token. It holds no more than whoever asks, and never more than its owner."""
    owner_id = body.owner_id if "owner_id" in body.model_fields_set else by.user_id
    wish = Wish(frozenset(body.scopes), owner_id=owner_id, expires_at=body.expires_at)
    token, plain = await make_token(
        uow, wish, name=body.name, maker=maker_of(by), created_by=by.name, keeper=access_of(request).tokens
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] = f"/api/v1/tokens/{token.id}"
    return NewTokenOut(**_out(token, uow.now).model_dump(), token=plain)


@router.get("/{token_id}", name="get_token")
async def get_token(reading: RequestReading, by: Caller, token_id: UUID) -> TokenOut:
    """One token: one's own, or any with paging:admin."""
    token = await TokenRepository(reading.conn).get(token_id)
    if token is None or not (by.may("paging:admin") or token.owner_id == by.user_id is not None):
        raise NotFoundError(f"There is no token {token_id}.")
    return _out(token, reading.now)


@router.delete("/{token_id}", name="revoke_token", status_code=204)
async def delete_token(uow: RequestUnitOfWork, by: Caller, token_id: UUID) -> None:
    """Revoke a token. Every service refuses it within 5 seconds."""
    await revoke_token(uow, token_id, maker=maker_of(by))


@internal.post(CHECK_PATH, name="check_token", include_in_schema=False)
async def check_token(
    conn: ReadConnection, _: Annotated[str, Depends(require_internal(OWNER))], body: Question
) -> Grant:
    """The token with this keyed hash and its owner; 404 when there is none."""
    grant = await find_grant(conn, body.digest)
    if grant is None:
        raise NotFoundError("There is no such token.")
    return grant


def _out(token: ApiToken, now: datetime) -> TokenOut:
    return TokenOut(
        id=token.id,
        name=token.name,
        prefix=token.prefix,
        scopes=sorted(token.scopes),
        owner_id=token.owner_id,
        created_by=token.created_by,
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        state=token.state(now),
    )
