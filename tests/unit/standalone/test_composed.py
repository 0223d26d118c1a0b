"""The one process hosts the services' own apps, short roads too."""

from types import SimpleNamespace

import httpx2
import pytest
from fastapi import FastAPI

from tocsin.compose import compose
from tocsin.paths import owner
from tocsin_chassis.health import Check
from tocsin_detector.api.direct import DirectAlertRoad
from tocsin_detector.api.road import DetectorApp
from tocsin_runtime.direct import OffersDirectRoad


def test_the_detectors_direct_road_is_the_hosts() -> None:
    detector = DetectorApp()
    direct = DirectAlertRoad.__new__(DirectAlertRoad)
    detector.direct_road = direct

    app = compose({"incidents": FastAPI(), "detector": detector}, {})

    assert isinstance(app, OffersDirectRoad)
    assert app.direct_road is direct
    assert not isinstance(compose({"incidents": FastAPI()}, {}), OffersDirectRoad)


class Looked:
    """A service's health with one finding."""

    def __init__(self, check: Check) -> None:
        self._check = check

    async def checks(self) -> list[Check]:
        return [self._check]


@pytest.mark.parametrize(
    ("found", "status", "word"),
    [
        (Check("bus", ok=True, needed=False), 200, "ready"),
        (Check("bus", ok=False, needed=False), 200, "degraded"),
        (Check("database", ok=False, needed=True), 503, "not ready"),
    ],
)
async def test_it_is_as_ready_as_its_services(found: Check, status: int, word: str) -> None:
    apps = {"incidents": FastAPI(), "detector": FastAPI()}
    for app, check in zip(apps.values(), (Check("serving", ok=True, needed=True), found), strict=True):
        app.state.service = SimpleNamespace(health=Looked(check))

    transport = httpx2.ASGITransport(compose(apps, {}))
    async with httpx2.AsyncClient(transport=transport, base_url="http://tocsin.test") as client:
        answer = await client.get("/readyz")

    assert (answer.status_code, answer.json()["status"]) == (status, word)


def test_all_that_it_answers_is_the_detectors_own() -> None:
    assert {owner(prefix.decode()) for prefix in DirectAlertRoad.prefixes} == {"detector"}
