"""The cookie: signed, over in time, worthless when touched (S24)."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.responses import Response

from tocsin_access.keys import derived_key, signed, verified
from tocsin_access.sessions import LIFETIME, Session, SessionKeeper
from tocsin_runtime.ids import new_id

NOW = datetime(2026, 11, 24, 3, 12, tzinfo=UTC)
KEEPER = SessionKeeper("k" * 32, "http://127.0.0.1:8080")
SESSION = Session(new_id(), id=new_id(), expires_at=NOW + LIFETIME)


def test_a_cookie_tells_whose_session_it_is_until_it_is_over() -> None:
    cookie = KEEPER.cookie(SESSION)
    assert KEEPER.read(cookie, NOW) == SESSION
    assert KEEPER.read(cookie, NOW + LIFETIME - timedelta(seconds=1)) == SESSION
    assert KEEPER.read(cookie, NOW + LIFETIME) is None


def test_a_cookie_changed_in_any_letter_is_void() -> None:
    cookie = KEEPER.cookie(SESSION)
    for place in range(len(cookie)):
        other = "A" if cookie[place] != "A" else "B"
        touched = cookie[:place] + other + cookie[place + 1 :]
        read = KEEPER.read(touched, NOW)
        assert read is None or read == SESSION  # the last letter's spare bits mean nothing


@pytest.mark.parametrize("cookie", ["", ".", "a", "=" * 50, "ä" * 60, "A" * 100, "\x00", "A" * 10_000])
def test_nonsense_is_nobody(cookie: str) -> None:
    assert KEEPER.read(cookie, NOW) is None


def test_a_cookie_of_another_secret_key_or_purpose_is_void() -> None:
    assert SessionKeeper("other" * 8, "http://x").read(KEEPER.cookie(SESSION), NOW) is None
    payload = verified(KEEPER.cookie(SESSION), derived_key("k" * 32, "session cookie"))
    assert payload is not None
    assert KEEPER.read(signed(payload, derived_key("k" * 32, "internal token")), NOW) is None


def test_a_csrf_token_belongs_to_one_session() -> None:
    token = KEEPER.csrf(SESSION.id)
    assert KEEPER.csrf_matches(SESSION.id, token)
    assert not KEEPER.csrf_matches(new_id(), token)
    assert not KEEPER.csrf_matches(SESSION.id, "")
    assert not KEEPER.csrf_matches(SESSION.id, "é\udcff")


def test_over_https_the_cookie_is_bound_to_the_host() -> None:
    response = Response()
    SessionKeeper("k" * 32, "https://tocsin.example").set(response, SESSION)
    header = response.headers["set-cookie"]
    assert header.startswith("__Host-tocsin_session=")
    for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert word in header
    assert "Domain" not in header


def test_on_plain_http_the_cookie_is_still_hidden_from_scripts() -> None:
    response = Response()
    KEEPER.set(response, SESSION)
    header = response.headers["set-cookie"]
    assert header.startswith("tocsin_session=")
    assert "HttpOnly" in header
    assert "SameSite=lax" in header
    assert "Secure" not in header
