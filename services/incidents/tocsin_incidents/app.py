"""Puts the service together; reads nothing global."""

from pathlib import Path

from fastapi import FastAPI

from tocsin_chassis.platform import Platform
from tocsin_chassis.service import Service
from tocsin_events.incidents import IncidentAcknowledged, IncidentResolved
from tocsin_incidents.api import actions as api_actions
from tocsin_incidents.api import incidents as api_incidents
from tocsin_incidents.api import services as api_services
from tocsin_incidents.consumers import subscriptions_for, timers_for
from tocsin_incidents.domain.errors import Invalid, NameTaken, NotAllowed, NotFound
from tocsin_incidents.settings import IncidentsSettings
from tocsin_incidents.store.alerts import PENDING
from tocsin_incidents.usecases.apply_placings import SETTLE
from tocsin_incidents.usecases.desk import Desk, Measures
from tocsin_incidents.usecases.measure_open import measure_open
from tocsin_incidents.usecases.settle import settle_all
from tocsin_incidents.web import actions as web_actions
from tocsin_incidents.web import incidents as web_incidents
from tocsin_incidents.web import services as web_services
from tocsin_incidents.web import sev1 as web_sev1

TEMPLATES = Path(__file__).parent / "web" / "templates"


def create_app(settings: IncidentsSettings, platform: Platform) -> FastAPI:
    """The service as one app; its lifespan starts and stops all that runs beside requests."""
    service = Service(
        "incidents", title="Incidents", settings=settings, platform=platform, templates=TEMPLATES
    )
    desk = Desk(settings.rules(platform.settings.public_url), Measures.of(service.metrics))
    service.consume(subscriptions_for(desk))
    service.tells_ahead("paging", IncidentAcknowledged, IncidentResolved)
    service.fire(timers_for(desk))
    service.work(SETTLE, lambda: settle_all(service.unit_of_work, desk), due=PENDING)
    service.work("measure", lambda: measure_open(service.reading, desk), every=10.0)
    service.errors({NotFound: 404, NotAllowed: 409, NameTaken: 409, Invalid: 422})
    app: FastAPI = service.build(
        routers=[
            api_incidents.router,
            api_actions.router,
            api_services.router,
            web_incidents.router,
            web_sev1.router,
            web_actions.router,
            web_services.router,
        ]
    )
    app.state.desk = desk
    return app
