"""Puts the service together. Nothing below reads settings; everything gets what it needs from here."""

from pathlib import Path

from fastapi import FastAPI

from tocsin_access.keys import derived_key
from tocsin_chassis.platform import Platform
from tocsin_chassis.service import Service
from tocsin_paging.adapters.apprise import AppriseProvider
from tocsin_paging.adapters.guard import Guard, networks
from tocsin_paging.adapters.smtp import MailProvider, MailServer
from tocsin_paging.adapters.webhook import WebhookProvider
from tocsin_paging.api.contacts import router as contacts
from tocsin_paging.api.escalations import router as escalations
from tocsin_paging.api.on_call import router as on_call
from tocsin_paging.api.overrides import router as overrides
from tocsin_paging.api.pages import router as pages
from tocsin_paging.api.policies import router as policies
from tocsin_paging.api.schedules import router as schedules
from tocsin_paging.api.teams import router as teams
from tocsin_paging.api.tokens import internal as token_checks
from tocsin_paging.api.tokens import router as tokens
from tocsin_paging.api.users import router as users
from tocsin_paging.consumers import subscriptions_of
from tocsin_paging.domain.errors import (
    ConflictError,
    GoneError,
    InvalidChangeError,
    NotAllowedError,
    NotFoundError,
)
from tocsin_paging.domain.links import Links
from tocsin_paging.settings import PagingSettings
from tocsin_paging.usecases.pager import Figures, Pager
from tocsin_paging.web.ack import router as ack
from tocsin_paging.web.contacts import router as contact_pages
from tocsin_paging.web.fragments import router as fragments
from tocsin_paging.web.login import router as login
from tocsin_paging.web.on_call import router as on_call_pages
from tocsin_paging.web.people import router as people_pages
from tocsin_paging.web.policies import router as policy_pages
from tocsin_paging.web.schedules import router as schedule_pages
from tocsin_paging.web.settings import router as settings_pages
from tocsin_paging.web.setup import router as setup
from tocsin_paging.web.teams import router as team_pages
from tocsin_paging.workers.escalate import Auditor, timers_of
from tocsin_paging.workers.send import OutgoingPages
from tocsin_runtime.clock import process_now
from tocsin_runtime.settings import PlatformSettings

API = [contacts, escalations, on_call, overrides, pages, policies, schedules]
PAGES = [ack, contact_pages, fragments, on_call_pages, policy_pages, schedule_pages]
ROUTERS = [
    *API,
    *PAGES,
    users,
    teams,
    tokens,
    token_checks,
    login,
    setup,
    settings_pages,
    team_pages,
    people_pages,
]
TEMPLATES = Path(__file__).parent / "web" / "templates"
ERRORS: dict[type[Exception], int] = {
    NotFoundError: 404,
    ConflictError: 409,
    InvalidChangeError: 422,
    GoneError: 410,
    NotAllowedError: 403,
}


def create_app(settings: PagingSettings, platform: Platform) -> FastAPI:
    """Build the app; nothing runs before its lifespan starts."""
    service = Service("paging", title="Paging", settings=settings, platform=platform, templates=TEMPLATES)
    secret = platform.settings.secret_key.get_secret_value()
    links = Links(platform.settings.public_url, key=derived_key(secret, "paging.links"))
    pager = Pager(links, figures=Figures(service.metrics))
    guard = Guard(networks(settings.allowed_networks))
    service.consume(subscriptions_of(pager))
    service.fire(timers_of(pager))
    _send(service, pager=pager, guard=guard)
    auditor = Auditor(service.unit_of_work, pager)
    service.work("auditor", auditor.run_once, every=settings.audit_seconds)
    service.errors(ERRORS)
    app: FastAPI = service.build(routers=ROUTERS)
    app.state.pager, app.state.guard = pager, guard
    return app


def _send(service: Service, *, pager: Pager, guard: Guard) -> None:
    links = pager.links
    webhooks = WebhookProvider(guard, secret=links.webhook_secret, ack_url=links.ack_url, now=process_now)
    apprise = AppriseProvider(guard, ack_url=links.ack_url, now=process_now)
    service.on_stop(webhooks.close)
    service.on_stop(apprise.close)
    service.sends(
        providers=[
            MailProvider(mail_server(service.platform.settings), ack_url=links.ack_url, now=process_now),
            webhooks,
            apprise,
        ],
        outgoing=OutgoingPages(pager),
    )


def mail_server(settings: PlatformSettings) -> MailServer:
    """Return the mail server of the installation."""
    return MailServer(
        settings.smtp_host,
        port=settings.smtp_port,
        username=settings.smtp_username,
        password=settings.smtp_password.get_secret_value(),
        starttls=settings.smtp_starttls,
        sender=settings.smtp_from,
    )
