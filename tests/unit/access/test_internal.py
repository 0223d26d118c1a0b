"""Internal tokens: one minute, one target (R22)."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin_access.internal import InternalKeeper
from tocsin_access.keys import derived_key, signed

NOW = datetime(2026, 11, 24, 3, 12, tzinfo=UTC)
KEEPER = InternalKeeper("k" * 32)


def test_the_target_learns_who_calls_for_a_minute() -> None:
    token = KEEPER.issue("paging", issuer="incidents", now=NOW)
    assert KEEPER.issuer(token, audience="paging", now=NOW) == "incidents"
    assert KEEPER.issuer(token, audience="paging", now=NOW + timedelta(seconds=59)) == "incidents"
    assert KEEPER.issuer(token, audience="paging", now=NOW + timedelta(seconds=60)) is None


def test_no_other_service_accepts_it() -> None:
    token = KEEPER.issue("paging", issuer="incidents", now=NOW)
    assert KEEPER.issuer(token, audience="comms", now=NOW) is None


def test_a_forger_without_the_secret_key_gets_nowhere() -> None:
    forged = InternalKeeper("other" * 8).issue("paging", issuer="incidents", now=NOW)
    assert KEEPER.issuer(forged, audience="paging", now=NOW) is None


def test_a_token_from_far_in_the_future_is_refused() -> None:
    token = KEEPER.issue("paging", issuer="incidents", now=NOW + timedelta(minutes=10))
    assert KEEPER.issuer(token, audience="paging", now=NOW) is None


@pytest.mark.parametrize("token", ["", "x", "tcs_abc", "ä", signed(b"", derived_key("other", "x"))])
def test_nonsense_is_refused(token: str) -> None:
    assert KEEPER.issuer(token, audience="paging", now=NOW) is None
