"""Who may make and end which token, and when one is over."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tocsin_access.roles import ROLE_SCOPES, holds
from tocsin_events.directory import Role
from tocsin_paging.domain.token import ApiToken, Maker, TokenReason, Wish, may_make, may_revoke

NOW = datetime(2026, 11, 24, 3, 12, tzinfo=UTC)
ANA, BO = UUID(int=1), UUID(int=2)


def maker(role: Role, *, user_id: UUID | None = ANA, by_token: bool = False) -> Maker:
    return Maker(user_id, holds=lambda scope: holds(ROLE_SCOPES[role], scope), by_token=by_token)


@pytest.mark.parametrize(
    ("role", "wish", "by_token", "reason"),
    [
        (Role.RESPONDER, Wish(frozenset({"alerts:write"}), ANA, None), False, "made"),
        (Role.RESPONDER, Wish(frozenset({"alerts:write"}), ANA, NOW + timedelta(days=30)), False, "made"),
        (Role.RESPONDER, Wish(frozenset(), ANA, None), False, "no_scopes"),
        (Role.RESPONDER, Wish(frozenset({"config:write"}), ANA, None), False, "exceeds_maker"),
        (Role.RESPONDER, Wish(frozenset({"*"}), ANA, None), False, "exceeds_maker"),
        (Role.VIEWER, Wish(frozenset({"alerts:write"}), ANA, None), False, "exceeds_maker"),
        (Role.RESPONDER, Wish(frozenset({"alerts:read"}), BO, None), False, "for_somebody_else"),
        (Role.RESPONDER, Wish(frozenset({"alerts:read"}), None, None), False, "for_somebody_else"),
        (Role.RESPONDER, Wish(frozenset({"alerts:read"}), ANA, None), True, "made_by_token"),
        (Role.ADMIN, Wish(frozenset({"*"}), BO, None), True, "made"),
        (Role.ADMIN, Wish(frozenset({"*"}), None, None), False, "made"),
        (Role.ADMIN, Wish(frozenset({"*"}), ANA, NOW), False, "expiry"),
        (Role.ADMIN, Wish(frozenset({"*"}), ANA, NOW + timedelta(days=4000)), False, "expiry"),
    ],
)
def test_nobody_hands_out_more_than_they_hold(
    role: Role, wish: Wish, by_token: bool, reason: TokenReason
) -> None:
    assert may_make(wish, maker(role, by_token=by_token), NOW) == reason


def token(owner: UUID | None = ANA, *, expires_at: datetime | None = None) -> ApiToken:
    return ApiToken(
        UUID(int=9),
        name="ci",
        prefix="tcs_abc",
        digest="d",
        scopes=frozenset({"alerts:write"}),
        owner_id=owner,
        created_by="Ana",
        created_at=NOW,
        expires_at=expires_at,
    )


def test_owners_and_administrators_may_end_a_token() -> None:
    assert may_revoke(token(), maker(Role.VIEWER))
    assert not may_revoke(token(BO), maker(Role.RESPONDER))
    assert may_revoke(token(BO), maker(Role.ADMIN))
    assert not may_revoke(token(None), maker(Role.RESPONDER, user_id=None))


def test_a_token_is_over_at_the_very_moment_it_says() -> None:
    assert token(expires_at=NOW).state(NOW) == "expired"
    assert token(expires_at=NOW + timedelta(microseconds=1)).state(NOW) == "active"
    assert token().state(NOW + timedelta(days=10_000)) == "active"
