"""Where pages may not go (S11)."""

import socket

import pytest

from tocsin_paging.adapters.apprise import check_apprise_url
from tocsin_paging.adapters.guard import ForbiddenTarget, Guard, GuardedResolver, networks

GUARD = Guard()
LAN = Guard(networks(["127.0.0.0/8", "10.1.0.0/16"]))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "[::1]",
        "169.254.169.254",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "[fd00::1]",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[::]",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "0x7f000001",
        "0x7f.0.0.1",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "nowhere.invalid",
    ],
)
async def test_addresses_inside_are_refused(host: str) -> None:
    with pytest.raises(ForbiddenTarget):
        await GUARD.check_url(f"https://{host}/hook")


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/", "file:///etc/passwd", "https://", "https://u:p@203.0.113.9/", "https://[::1", "x"],
)
async def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenTarget):
        await LAN.check_url(url)


async def test_public_and_allowed_addresses_pass() -> None:
    assert (await GUARD.check_url("https://8.8.8.8/hook")).hostname == "8.8.8.8"
    assert (await LAN.check_url("http://127.0.0.1:9/hook")).port == 9
    assert await LAN.addresses("localhost", port=80, family=socket.AF_INET) == ["127.0.0.1"]
    with pytest.raises(ForbiddenTarget):
        await LAN.check_url("http://10.2.0.1/")
    with pytest.raises(ForbiddenTarget):
        await LAN.check_url("http://2130706433/")  # allowed as an address, but never in disguise


async def test_the_clients_resolver_gives_checked_addresses_only() -> None:
    found = await GuardedResolver(LAN).resolve("localhost", port=80, family=socket.AF_INET)
    assert [result["host"] for result in found] == ["127.0.0.1"]
    with pytest.raises(ForbiddenTarget):
        await GuardedResolver(GUARD).resolve("localhost", port=80)


@pytest.mark.parametrize(
    "url",
    [
        "file:///tmp/x",
        "exec:///bin/true",
        "syslog://",
        "dbus://",
        "windows://",
        "mailto://u:p@example.org",
        "notascheme",
        "json://127.0.0.1/x",
        "jsons://localhost/x",
        "gotifys://10.0.0.1/token",
        "ntfys://169.254.169.254/topic",
        "json://8.8.8.8/x?verify=no",
        "json://8.8.8.8/x?redirect=yes",
        "json://8.8.8.8/x?rto=1000",
        "tgram://broken",
        "http://[::1",
        "http://\u2100.com",
    ],
)
async def test_apprise_urls_that_are_refused(url: str) -> None:
    with pytest.raises(ForbiddenTarget):
        await check_apprise_url(url, GUARD)


@pytest.mark.parametrize(
    "url", ["json://127.0.0.1/x", "tgram://123456789:abcdefg_hijklmnop/12345", "ntfy://alerts"]
)
async def test_apprise_urls_that_pass(url: str) -> None:
    await check_apprise_url(url, LAN)


@pytest.mark.parametrize("text", ["10.0.0.0/33", "home", "10.0.0.1/8"])
def test_a_network_that_is_none_stops_the_start(text: str) -> None:
    with pytest.raises(ValueError):
        networks([text])
