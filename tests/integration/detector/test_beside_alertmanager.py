"""What Alertmanager itself answers, Tocsin answers at `/alertmanager`: the same requests, to both."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

    async def have_grouped(self) -> bool:
        """Alertmanager groups a moment after it has answered."""
        return len((await self.real.get("/api/v2/alerts/groups")).json()) == 2

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


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/alerts/groups",
        "/api/v2/receivers",
        "/api/v2/silences?active=true&filter=a%3Db",
        "/-/ready",
        "/-/healthy",
        "/api/v2/alerts?receiver=toc",
        "/api/v2/alerts?receiver=toc.*",
        "/api/v2/alerts?receiver=toc|x|tocsin",
        "/api/v2/alerts/groups?receiver=x|y",
        "/api/v2/alerts?receiver=(",
        "/api/v2/alerts/groups?receiver=*",
        "/api/v2/alerts?filter=alertname=~%22Goo.%22",
        "/api/v2/alerts?filter=alertname=~%22(%22",
        "/api/v2/alerts?filter=nonsense",
        "/api/v2/silence/018f1f3e-7f5a-7cc0-8000-000000000001",
        "/api/v2/nothing",
    ],
)
async def test_what_is_read_looks_alike(both: Both, path: str) -> None:
    await both.post(GOOD, {"labels": {"alertname": "Other", "job": "x"}})
    await eventually(both.have_grouped, within=30)

    real, ours = await both.get(path)

    assert ours.status_code == real.status_code
    if real.status_code == 200:
        assert _shape(ours) == _shape(real)
    else:
        assert isinstance(ours.json(), str)


async def test_probes_of_a_load_balancer_need_no_key_and_may_ask_for_the_head(both: Both) -> None:
    for path in ("/-/ready", "/-/healthy"):
        for place in ("/alertmanager", "/alertmanager/k/anything"):
            answer = await both.house.senders.head(place + path)
            assert (answer.status_code, answer.content) == (200, b"")


def _shape(answer: httpx2.Response) -> Any:
    if not answer.headers["content-type"].startswith("application/json"):
        return answer.text
    said = answer.json()
    return sorted(map(_named, said), key=str)


def _named(item: dict[str, Any]) -> dict[str, Any]:
    """Without what each side makes by itself."""
    own = ("fingerprint", "startsAt", "endsAt", "updatedAt", "generatorURL")
    shown = {name: value for name, value in item.items() if name not in own}
    if "alerts" in shown:
        shown["alerts"] = sorted(map(_named, shown["alerts"]), key=str)
    return shown


async def _is_up(client: httpx2.AsyncClient) -> bool:
    try:
        return (await client.get("/-/ready")).status_code == 200
    except httpx2.TransportError:
        return False
