"""How often somebody may try to log in (S20)."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, Literal

WINDOW: Final = timedelta(minutes=5)
PER_ACCOUNT_AND_ADDRESS: Final = 10
PER_ADDRESS: Final = 60
PER_ACCOUNT: Final = 100

_BROWSERS: Final = (
    ("Firefox/", "Firefox"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)

LINK_LIFETIME: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Attempts:
    """How often was tried within the window before now: at this account from this address, and at either."""

    pair: int
    address: int
    account: int


@dataclass(frozen=True)
class AttemptDecision:
    """Whether one more is allowed, and the rule that says so."""

    allowed: bool
    reason: Literal["allowed", "account_and_address", "address", "account"]


def may_try(before: Attempts) -> AttemptDecision:
    """Decide whether a password is looked at at all.

    The pair is held tight. The limit per address is against one password tried at many accounts, that per
    account against one account tried from many addresses; the last is wide, so that nobody locks out another.
    """
    if before.pair >= PER_ACCOUNT_AND_ADDRESS:
        return AttemptDecision(False, "account_and_address")
    if before.address >= PER_ADDRESS:
        return AttemptDecision(False, "address")
    if before.account >= PER_ACCOUNT:
        return AttemptDecision(False, "account")
    return AttemptDecision(True, "allowed")


def browser_of(user_agent: str) -> str:
    """A browser's own words cut down to what its owner knows it by, such as Firefox on Linux."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or user_agent[:40] or "Unknown"


def address_group(host: str | None) -> str:
    """The address as it is counted: an IPv6 network of one customer (/64) counts as one."""
    if not host:
        return "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host[:100]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address.packed, 64), strict=False))
    return str(address)
