"""The composition root of comms: everything is built here from settings, and nothing below reads them."""

from pathlib import Path
from uuid import UUID

from fastapi import FastAPI
from prometheus_client import Counter

from tocsin_chassis.platform import Platform
from tocsin_chassis.service import GATHER, Service
from tocsin_comms.adapters.folder import Folder
from tocsin_comms.adapters.slack import SlackProvider, slack_client
from tocsin_comms.api.maintenances import maintenance_router
from tocsin_comms.api.messages import message_router
from tocsin_comms.api.status_page import status_page_router
from tocsin_comms.consumers import subscriptions_for, timers_for
from tocsin_comms.domain.cadence import Cadence
from tocsin_comms.domain.errors import (
    ComponentNotKnown,
    IncidentNotKnown,
    MaintenanceNotKnown,
    Misnamed,
    NameTaken,
    NotForThePublic,
    NothingToHide,
)
from tocsin_comms.settings import CommsSettings
from tocsin_comms.store.messages import MessageRepository, Thread
from tocsin_comms.usecases.components import PUBLISHER
from tocsin_comms.usecases.deliver import Deliveries
from tocsin_comms.usecases.published import Published
from tocsin_comms.usecases.render import Renderer
from tocsin_comms.usecases.rules import Rules
from tocsin_comms.web.board import Board, board_router
from tocsin_comms.web.described import STATUS_JSON
from tocsin_comms.web.maintenances import maintenance_pages
from tocsin_comms.web.public import public_router
from tocsin_comms.web.setup import setup_router
from tocsin_comms.workers.publish import Publisher, watch

AT_ONCE = 20
"""Events a transaction: each that the status page shows holds the page's row, which every replica wants."""
WEB = Path(__file__).parent / "web"
ERRORS: dict[type[Exception], int] = {
    IncidentNotKnown: 404,
    ComponentNotKnown: 404,
    MaintenanceNotKnown: 404,
    NameTaken: 409,
    NotForThePublic: 409,
    NothingToHide: 409,
    Misnamed: 422,
}


def create_app(settings: CommsSettings, platform: Platform) -> FastAPI:
    """The comms service, ready to be served."""
    service = Service(
        "comms", title="Comms", settings=settings, platform=platform, templates=WEB / "templates"
    )
    base_url = platform.settings.public_url.rstrip("/")
    rules = _rules(settings, base_url)
    publisher = _publisher(service, settings, base_url)
    service.consume(subscriptions_for(rules), gather=GATHER, batch=AT_ONCE)
    service.fire(timers_for(rules))
    sent = service.metrics.counter(
        "messages", "Messages by channel and outcome", labels=["channel", "outcome"]
    )
    if rules.chat_channel is not None:
        _send_to_slack(service, settings, rules.chat_channel, sent)
    service.work(PUBLISHER, publisher.run_once, every=5.0)
    service.errors(ERRORS)
    board = Board(rules, publisher.published)
    return service.build(
        routers=[
            status_page_router(rules),
            maintenance_router(),
            message_router(),
            public_router(publisher.published),
            board_router(rules, board),
            maintenance_pages(board),
            setup_router(),
        ],
        described=STATUS_JSON,
    )


def _rules(settings: CommsSettings, base_url: str) -> Rules:
    chat = bool(settings.slack_token.get_secret_value()) and settings.slack_channel
    cadence = Cadence(settings.update_interval, settings.update_interval_sev1)
    return Rules(base_url, settings.slack_channel if chat else None, cadence)


def _publisher(service: Service, settings: CommsSettings, base_url: str) -> Publisher:
    publisher = Publisher(
        service.reading,
        Published(Renderer(service.theme)),
        base_url=base_url,
        folder=Folder(Path(settings.status_directory)) if settings.status_directory else None,
        own_files={"/comms/static/stale.js": WEB / "static" / "stale.js"},
    )
    age = service.metrics.gauge(
        "status_page_age_seconds", "Since the status page was last rendered and written"
    )
    states = service.metrics.gauge("components", "Components of the status page by state", labels=["state"])
    watch(publisher, age=age, components=states)
    return publisher


def _send_to_slack(service: Service, settings: CommsSettings, channel: str, counted: Counter) -> None:
    client = slack_client(settings.slack_token.get_secret_value(), base_url=settings.slack_base_url)

    async def find_thread(incident_id: UUID) -> Thread | None:
        async with service.database.read() as conn:
            return await MessageRepository(conn).thread(incident_id, SlackProvider.name)

    provider = SlackProvider(client, channel, find_thread)
    service.on_start(provider.open)
    service.on_stop(provider.close)
    service.sends(providers=[provider], outgoing=Deliveries(counted))
