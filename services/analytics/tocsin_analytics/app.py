"""Puts analytics together: facts come in from the bus, figures go out by API and page."""

from pathlib import Path

from fastapi import FastAPI

from tocsin_analytics.api.figures import router as figures
from tocsin_analytics.consumers import subscriptions
from tocsin_analytics.domain.errors import UnknownSeries, UnknownTeam
from tocsin_analytics.domain.periods import InvalidPeriod, UnknownZone
from tocsin_analytics.settings import AnalyticsSettings
from tocsin_analytics.web.pages import router as pages
from tocsin_analytics.workers.freshness import Freshness
from tocsin_chassis.platform import Platform
from tocsin_chassis.service import GATHER, Service

TEMPLATES = Path(__file__).parent / "web" / "templates"
FRESHNESS_EVERY = 10.0


def create_app(settings: AnalyticsSettings, platform: Platform) -> FastAPI:
    """The app; nothing runs before its lifespan starts."""
    service = Service(
        "analytics", title="Analytics", settings=settings, platform=platform, templates=TEMPLATES
    )
    service.consume(subscriptions, gather=GATHER)
    freshness = Freshness(service.metrics, service.reading)
    service.work("freshness", freshness.run_once, every=FRESHNESS_EVERY)
    service.errors({InvalidPeriod: 422, UnknownZone: 422, UnknownTeam: 422, UnknownSeries: 404})
    return service.build(routers=[figures, pages])
