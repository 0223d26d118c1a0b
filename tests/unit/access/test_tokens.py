"""Tokens: random enough, recognised, and nothing of them kept (S3)."""

import pytest

from tocsin_access.tokens import TokenKeeper, looks_like_token

KEEPER = TokenKeeper("a" * 32)


def test_a_token_holds_256_random_bits_and_is_never_made_twice() -> None:
    tokens = {KEEPER.issue().plain for _ in range(500)}
    assert len(tokens) == 500
    assert all(len(token) == len("tcs_") + 43 for token in tokens)


def test_what_may_be_stored_says_nothing_of_the_secret_part() -> None:
    issued = KEEPER.issue()
    assert issued.plain.startswith(issued.prefix)
    assert len(issued.plain) - len(issued.prefix) == 35
    assert issued.plain not in repr(issued)
    assert len(issued.digest) == 64


def test_only_the_same_token_and_the_same_secret_key_match() -> None:
    issued = KEEPER.issue()
    assert KEEPER.matches(issued.plain, issued.digest)
    assert not KEEPER.matches(issued.plain[:-1] + "!", issued.digest)
    assert not TokenKeeper("b" * 32).matches(issued.plain, issued.digest)


@pytest.mark.parametrize(
    "plain", ["", "tcs_", "tcs_" + "a" * 300, "tcs_a b", "tcs_ä", "abc", "tcs_\x00", "tcs_\udcff"]
)
def test_what_cannot_be_a_token_is_not_looked_up(plain: str) -> None:
    assert not looks_like_token(plain)


def test_a_hostile_token_has_a_digest_too() -> None:
    assert len(KEEPER.digest("\udcff\x00" * 10)) == 64


def test_other_kinds_have_their_own_prefix() -> None:
    issued = KEEPER.issue("tci")
    assert issued.prefix.startswith("tci_")
    assert looks_like_token(issued.plain, "tci")
    assert not looks_like_token(issued.plain)
