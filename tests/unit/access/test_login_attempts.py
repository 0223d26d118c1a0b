"""The brakes on log-in (S20)."""

import pytest

from tocsin_paging.domain.login import Attempts, address_group, may_try


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
