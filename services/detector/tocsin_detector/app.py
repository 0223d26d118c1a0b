"""Puts the service together. Nothing below reads settings; everything gets what it needs from here."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from tocsin_access.keys import derived_key
from tocsin_chassis.platform import Platform
from tocsin_chassis.service import GATHER, Service
from tocsin_detector.api.alertmanager import router as alertmanager
from tocsin_detector.api.alerts import router as alerts
from tocsin_detector.api.deliveries import router as deliveries
from tocsin_detector.api.described import ROADS
from tocsin_detector.api.direct import DirectAlertRoad
from tocsin_detector.api.integrations import router as integrations
from tocsin_detector.api.road import AlertRoad, DetectorApp
from tocsin_detector.consumers import subscriptions
from tocsin_detector.domain.errors import (
    BodyNotKept,
    ForeignCursor,
    NameTaken,
    NotAllowed,
    NotFound,
    Unfit,
)
from tocsin_detector.domain.limits import Limits
from tocsin_detector.settings import DetectorSettings
from tocsin_detector.store.intake import Intake
from tocsin_detector.store.integrations import load_all, look_up
from tocsin_detector.store.lanes import WAITING
from tocsin_detector.store.queries import EXPIRED
from tocsin_detector.usecases.accept import Accept
from tocsin_detector.usecases.figures import IntakeFigures, LaneFigures
from tocsin_detector.usecases.group_commit import Capacity, GroupCommit
from tocsin_detector.usecases.keyring import Keyring
from tocsin_detector.usecases.manage_integrations import WORKER
from tocsin_detector.usecases.refusals import Refusals
from tocsin_detector.usecases.state import DetectorState
from tocsin_detector.web.alerts import router as alert_pages
from tocsin_detector.web.deliveries import router as delivery_pages
from tocsin_detector.web.integrations import router as integration_pages
from tocsin_detector.workers.lanes import LaneWorker
from tocsin_detector.workers.upkeep import Backlog, Expiry, Retention

ROUTERS = [integration_pages, delivery_pages, alert_pages, integrations, deliveries, alerts, alertmanager]
TEMPLATES = Path(__file__).parent / "web" / "templates"
ERRORS: dict[type[Exception], int] = {
    NotFound: 404,
    NameTaken: 409,
    BodyNotKept: 409,
    NotAllowed: 409,
    Unfit: 422,
    ForeignCursor: 422,
}


def create_app(settings: DetectorSettings, platform: Platform) -> FastAPI:
    """Build the app; nothing runs before its lifespan starts."""
    service = Service("detector", title="Detector", settings=settings, platform=platform, templates=TEMPLATES)
    service.consume(subscriptions, gather=GATHER)
    service.errors(ERRORS)
    keyring = _keyring(service)
    wake_lanes = _lanes(service, settings)
    intake = Intake(service.database)
    commit = GroupCommit(intake.write, capacity=Capacity(waiting=settings.queue_limit), on_commit=wake_lanes)
    figures = IntakeFigures(service.registry, waiting=lambda: commit.waiting)
    limits = _limits(settings)
    accept = Accept(commit, limits=limits)
    refusals = Refusals(commit)
    service.on_stop(refusals.flush)
    service.on_stop(intake.close)
    _upkeep(service, settings)
    app = service.build(routers=ROUTERS, app_class=DetectorApp, described=ROADS)
    app.state.detector = DetectorState(accept, keyring, platform.settings.public_url.rstrip("/"))
    app.road = AlertRoad(accept=accept, keyring=keyring, refusals=refusals, limits=limits, figures=figures)
    app.direct_road = DirectAlertRoad(accept=accept, keyring=keyring, limits=limits, figures=figures)
    return app


def _keyring(service: Service) -> Keyring:
    secret = derived_key(service.platform.settings.secret_key.get_secret_value(), "detector.integration-keys")
    keyring = Keyring(
        secret, load_all=partial(load_all, service.database), look_up=partial(look_up, service.database)
    )
    service.work(WORKER, keyring.reload, every=5.0)
    return keyring


def _lanes(service: Service, settings: DetectorSettings) -> Callable[[set[int]], None]:
    figures = LaneFigures(service.metrics)
    service.work("backlog", Backlog(service.reading, figures).run_once, every=10.0)
    workers = []
    for number in range(settings.lanes):
        name = f"lanes.{number}"
        wake_up = partial(service.wakeups.wake, name)
        lane_worker = LaneWorker(
            service.unit_of_work, figures, number=number, workers=settings.lanes, wake=wake_up
        )
        workers.append((lane_worker, service.work(name, lane_worker.run_once, due=WAITING, untold=True)))

    def wake(lanes: set[int]) -> None:
        for lane_worker, worker in workers:
            if lane_worker.concerns(lanes):
                worker.wake()

    return wake


def _upkeep(service: Service, settings: DetectorSettings) -> None:
    retention = Retention(service.unit_of_work, days=settings.delivery_days)
    service.work("retention", retention.run_once, every=600.0)
    if settings.lanes:
        service.work("expiry", Expiry(service.unit_of_work).run_once, due=EXPIRED)


def _limits(settings: DetectorSettings) -> Limits:
    return Limits(
        body=settings.body_limit,
        inflated=settings.inflated_limit,
        ratio=settings.inflated_ratio,
        depth=settings.depth_limit,
        alerts=settings.alerts_limit,
        body_seconds=settings.body_seconds,
    )
