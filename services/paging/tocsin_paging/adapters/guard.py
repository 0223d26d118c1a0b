"""Where pages may go: no address inside our own networks, unless a setting allows it (S11).

A name is resolved and checked when it is saved, and again at each connection, which then goes to the checked
address and no other.
"""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
RESOLVE_SECONDS = 3.0
EMBEDDING = tuple(ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""IPv6 ranges that carry an IPv4 address inside: a way around every rule about IPv4."""


class ForbiddenTarget(OSError):
    """A target that pages may not go to; the text says why. An OSError, as aiohttp expects of a resolver."""


class UnresolvedTarget(ForbiddenTarget):
    """A name without an address: wrong when it is saved, an outage perhaps when a page is to go there."""


@dataclass(frozen=True)
class Guard:
    """Checks targets. `allowed` are networks that may be reached although they are not public."""

    allowed: tuple[Network, ...] = ()

    def refusal(self, address: Address) -> str | None:
        """Return why this address may not be reached, or None when it may."""
        plain = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
        if any(plain.version == network.version and plain in network for network in self.allowed):
            return None
        if plain.is_loopback or plain.is_unspecified:
            return "it is this machine itself"
        if plain.is_link_local:
            return "it is a link-local address"
        hidden = isinstance(plain, IPv6Address) and any(plain in network for network in EMBEDDING)
        if hidden or plain.is_multicast or plain.is_reserved or not plain.is_global:
            return "it is not a public address"
        return None

    async def addresses(self, host: str, *, port: int, family: int = socket.AF_UNSPEC) -> list[str]:
        """Resolve a host to addresses that may be reached, or raise `ForbiddenTarget` when any may not."""
        return self._allowed(host, await _resolve(_name(host), port=port, family=family))

    def addresses_now(self, host: str, *, port: int) -> list[str]:
        """The same for a thread that may wait as long as the resolver takes."""
        name = _name(host)
        try:
            rows = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise UnresolvedTarget(f"{name} does not resolve to an address.") from error
        return self._allowed(host, _numbers(rows))

    def _allowed(self, host: str, found: list[str]) -> list[str]:
        for address in found:
            if why := self.refusal(ip_address(address.partition("%")[0])):
                raise ForbiddenTarget(
                    f"{host} resolves to {address}: {why}. Allow its network in the settings."
                )
        return found

    async def check_url(self, url: str) -> SplitResult:
        """Return the parts of an http or https URL whose host may be reached; else raise `ForbiddenTarget`."""
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise ForbiddenTarget(f"This is not a URL: {error}.") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ForbiddenTarget("The URL begins with https:// or http:// and a host.")
        if parts.username or parts.password:
            raise ForbiddenTarget(
                "The URL carries no user name or password; the signature proves the sender."
            )
        await self.addresses(parts.hostname, port=port)
        return parts


class GuardedResolver(AbstractResolver):
    """The resolver of the HTTP client: what it returns was checked, and the client connects to nothing else."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the checked addresses of `host`."""
        found = await self._guard.addresses(host, port=port, family=family)
        return [_result(host, address=address, port=port) for address in found]

    async def close(self) -> None:
        """Release nothing: the resolver holds nothing."""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read CIDR texts such as `10.1.0.0/16`; raises ValueError naming the one that is none."""
    return tuple(ip_network(text.strip()) for text in texts if text.strip())


async def _resolve(name: str, *, port: int, family: int) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            rows: Sequence[tuple[object, ...]] = await loop.getaddrinfo(
                name, port, family=family, type=socket.SOCK_STREAM
            )
    except (OSError, UnicodeError, TimeoutError) as error:
        raise UnresolvedTarget(f"{name} does not resolve to an address.") from error
    return _numbers(rows)


def _numbers(rows: Sequence[tuple[object, ...]]) -> list[str]:
    return list(dict.fromkeys(str(row[4][0]) for row in rows if isinstance(row[4], tuple)))


def _name(host: str) -> str:
    name = host.strip("[]").rstrip(".").lower()
    if not name or _is_odd_number(name):
        raise ForbiddenTarget(f"{host or 'The host'} is not a host name or a plain IP address.")
    return name


def _is_odd_number(name: str) -> bool:
    """Say whether the host is an address in disguise: decimal, octal or hexadecimal parts."""
    last = name.rpartition(".")[2]
    if not (last.isdigit() or last.startswith("0x")) or ":" in name:
        return False
    try:
        ip_address(name)
    except ValueError:
        return True
    return False


def _result(host: str, *, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=flags)
