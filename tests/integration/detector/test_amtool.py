"""The real amtool against the part of Alertmanager's API that Tocsin speaks."""

import asyncio

import pytest

from tests.integration.detector.house import House

pytestmark = pytest.mark.prometheus


async def amtool(url: str, *arguments: str) -> tuple[int, str]:
    """Exit status and output."""
    process = await asyncio.create_subprocess_exec(
        "amtool",
        "--alertmanager.url",
        url,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_amtool_adds_and_lists_alerts(house: House, origin: str) -> None:
    url = f"{origin}/alertmanager/k/{await house.key('alertmanager')}"

    added, said = await amtool(
        url, "alert", "add", "alertname=TocsinTest", "severity=critical", "--annotation=summary=hello"
    )
    await house.settled()
    listed, lines = await amtool(url, "alert", "query")

    assert (added, listed) == (0, 0), said + lines
    assert "TocsinTest" in lines
    assert "hello" in lines
    (alert,) = await house.alerts()
    assert (alert["title"], alert["severity"], alert["status"]) == ("hello", "critical", "firing")


async def test_amtool_lists_what_it_asks_for(house: House, origin: str) -> None:
    url = f"{origin}/alertmanager/k/{await house.key('alertmanager')}"
    for name, severity in (("DiskFull", "critical"), ("DiskSlow", "warning"), ("NetSlow", "warning")):
        await amtool(url, "alert", "add", f"alertname={name}", f"severity={severity}")
    await house.settled()

    asked = {
        ("DiskFull",): "DiskFull",
        ("alertname=~Disk.*", "severity!=critical"): "DiskSlow",
        ("alertname!~Disk.*",): "NetSlow",
        ("nothing=", "severity=critical"): "DiskFull",
    }
    for matchers, name in asked.items():
        _, lines = await amtool(url, "-o", "simple", "alert", "query", *matchers)
        assert [line.split()[0] for line in lines.splitlines() if line[:3] in ("Dis", "Net")] == [name], lines
    _, silenced = await amtool(url, "alert", "query", "--silenced")
    assert "Slow" not in silenced


async def test_amtool_understands_that_a_key_is_wrong(house: House, origin: str) -> None:
    status, said = await amtool(f"{origin}/alertmanager/k/wrong", "alert", "add", "alertname=TocsinTest")

    assert status != 0
    assert "401" in said
    assert "no consumer" not in said


async def test_amtool_shows_what_there_is(house: House, origin: str) -> None:
    key = await house.key("alertmanager")
    for url in (f"{origin}/alertmanager/k/{key}", f"{origin}/alertmanager/k/{key}/"):
        for arguments in (
            ("config", "show"),
            ("-o", "extended", "config", "show"),
            ("cluster", "show"),
            ("alert", "query", "--receiver=tocsin"),
            ("silence", "query"),
            ("silence", "query", "-o", "json", "alertname=x"),
        ):
            status, said = await amtool(url, *arguments)
            assert status == 0, (arguments, said)


async def test_amtool_tells_what_to_do_instead_of_a_silence(house: House, origin: str) -> None:
    url = f"{origin}/alertmanager/k/{await house.key('alertmanager')}"

    status, said = await amtool(url, "silence", "add", "alertname=x", "--comment=planned")

    assert status == 1
    assert "does not match any response statuses" not in said
    assert "acknowledge its incident" in said


async def test_amtool_asks_for_a_receiver(house: House, origin: str) -> None:
    url = f"{origin}/alertmanager/k/{await house.key('alertmanager')}"
    await amtool(url, "alert", "add", "alertname=DiskFull")
    await house.settled()

    for receiver, is_shown in (("tocsin", True), ("toc.*", True), ("toc", False), ("other", False)):
        _, lines = await amtool(url, "alert", "query", f"--receiver={receiver}")
        assert ("DiskFull" in lines) is is_shown, receiver
