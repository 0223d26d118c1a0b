"""The one process hosts the services' own apps, short roads too."""

from fastapi import FastAPI

from tocsin.compose import compose
from tocsin.paths import owner
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


def test_all_that_it_answers_is_the_detectors_own() -> None:
    assert {owner(prefix.decode()) for prefix in DirectAlertRoad.prefixes} == {"detector"}
