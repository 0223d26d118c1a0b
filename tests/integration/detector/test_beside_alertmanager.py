"""What Alertmanager itself answers, Tocsin answers at `/alertmanager`: the same requests, to both."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.integration.detector.house import House
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import free_port

pytestmark = pytest.mark.prometheus
GOOD: dict[str, dict[str, str]] = {"labels": {"alertname": "Good"}}
BAD: tuple[dict[str, dict[str, str]], ...] = ({"labels": {}}, {"labels": {"alertname": "", "job": ""}})


@dataclass
class Both:
    """The real one, Tocsin's place, and the house that is asked what it has kept."""

    real: httpx2.AsyncClient
    ours: httpx2.AsyncClient
    house: House

    async def get(self, path: str) -> tuple[httpx2.Response, httpx2.Response]:
        return await self.real.get(path), await self.ours.get(path)

    async def post(self, *alerts: object) -> tuple[httpx2.Response, httpx2.Response]:
        answers = [await one.post("/api/v2/alerts", json=alerts) for one in (self.real, self.ours)]
        await self.house.settled()
        return answers[0], answers[1]

    async def names(self, path: str = "/api/v2/alerts") -> tuple[list[str], list[str]]:
        real, ours = [
            sorted(alert["labels"]["alertname"] for alert in answer.json()) for answer in await self.get(path)
        ]
        return real, ours


@pytest.fixture
async def both(house: House, origin: str, tmp_path: Path) -> AsyncIterator[Both]:
    port, program = free_port(), shutil.which("prometheus-alertmanager")
    assert program, "prometheus-alertmanager is not installed"
    config = tmp_path / "alertmanager.yml"
    config.write_text(
        "route: {receiver: tocsin, group_by: [alertname], group_wait: 0s}\nreceivers: [{name: tocsin}]\n"
    )
    arguments = (f"--config.file={config}", f"--storage.path={tmp_path}", "--cluster.listen-address=")
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        program, *arguments, f"--web.listen-address=127.0.0.1:{port}", stdout=quiet, stderr=quiet
    )
    place = f"{origin}/alertmanager/k/{await house.key('alertmanager')}"
    try:
        async with (
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as real,
            httpx2.AsyncClient(base_url=place) as ours,
        ):
            await eventually(lambda: _is_up(real), within=30)
            yield Both(real, ours, house)
    finally:
        process.terminate()
        await process.wait()


async def test_the_good_alerts_of_a_post_are_stored_and_the_bad_ones_are_told(both: Both) -> None:
    real, ours = await both.post(GOOD, *BAD)

    assert (real.status_code, ours.status_code) == (400, 400)
    assert isinstance(real.json(), str)
    assert ours.json().startswith("Stored: 1, left out: 2. /1/labels: ")
    assert await both.names() == (["Good"], ["Good"])


async def test_a_post_of_only_bad_or_only_good_alerts(both: Both) -> None:
    for alerts, status in ((BAD, 400), ((GOOD, {"labels": {"alertname": "Too"}}), 200)):
        real, ours = await both.post(*alerts)
        assert (real.status_code, ours.status_code) == (status, status)
    assert await both.names() == (["Good", "Too"], ["Good", "Too"])


async def _is_up(client: httpx2.AsyncClient) -> bool:
    try:
        return (await client.get("/-/ready")).status_code == 200
    except httpx2.TransportError:
        return False
