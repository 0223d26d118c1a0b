"""The brakes on log-in (S20)."""

import pytest

from tocsin_paging.domain.login import Attempts, address_group, browser_of, may_try


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (Attempts(pair=9, address=9, account=9), "allowed"),
        (Attempts(pair=10, address=10, account=10), "account_and_address"),
        (Attempts(pair=0, address=60, account=0), "address"),
        (Attempts(pair=0, address=59, account=99), "allowed"),
        (Attempts(pair=0, address=0, account=100), "account"),
    ],
)
def test_ten_tries_at_an_account_from_an_address(before: Attempts, reason: str) -> None:
    decision = may_try(before)
    assert decision.reason == reason
    assert decision.allowed is (reason == "allowed")


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
        (None, "unknown"),
        ("", "unknown"),
    ],
)
def test_addresses_are_counted_by_customer(host: str | None, group: str) -> None:
    assert address_group(host) == group


@pytest.mark.parametrize(
    ("user_agent", "known_as"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        ("curl/8.0", "curl/8.0"),
        ("", "Unknown"),
    ],
)
def test_browsers_by_the_names_their_owners_use(user_agent: str, known_as: str) -> None:
    assert browser_of(user_agent) == known_as
