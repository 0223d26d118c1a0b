"""Runs one service as a process of its own, as the containers do."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx2
import structlog
import uvloop
from fastapi import FastAPI
from pydantic import ValidationError

from tocsin_bus.connect import connect
from tocsin_chassis.intake import AHEAD, PATH, http_courier
from tocsin_chassis.platform import Courier, Platform
from tocsin_runtime.hard_stop import HARD_STOP, WITHIN
from tocsin_runtime.logging import set_up_logging
from tocsin_runtime.serve import TocsinServer, uvicorn_config
from tocsin_runtime.settings import (
    SERVICES,
    PlatformSettings,
    ServiceSettings,
    SettingsError,
    explain,
    problems_with_admin_token,
    read_secret_files,
    refuse_unknown,
)
from tocsin_runtime.zones import pin_time_zones

log = structlog.get_logger("tocsin.serving")
CreateApp = Callable[..., FastAPI]
SHORTEST_KEY = 32
USUAL_DRAIN = 5.0


def serve_alone(
    name: str,
    settings_class: type[ServiceSettings],
    create_app: CreateApp,
    *,
    hard_stop: float = WITHIN,
) -> None:
    """Read the settings, serve until SIGTERM, exit. Exit status 2 when the settings make no sense.

    The stop may take `hard_stop` seconds, and as much more as the drain is longer than usual.
    """
    try:
        platform_settings, settings = read_settings(name, settings_class)
    except SettingsError as error:
        sys.stderr.write(f"tocsin serve {name}: {error}\n")
        sys.exit(2)
    set_up_logging(level=platform_settings.log_level, form=platform_settings.log_format)
    HARD_STOP.allow(hard_stop + max(0.0, platform_settings.drain_seconds - USUAL_DRAIN))
    log.info("process.started", service=name, tzdata=pin_time_zones())
    warn_of_plain_http(platform_settings.public_url)
    uvloop.run(_serve(name, platform_settings, settings, create_app))


def read_settings(
    name: str, settings_class: type[ServiceSettings]
) -> tuple[PlatformSettings, ServiceSettings]:
    """Raises SettingsError with every problem at once; first of all, with the names that nobody reads."""
    read_secret_files()
    others = [service for service in SERVICES if service != name]
    refuse_unknown([PlatformSettings, settings_class], os.environ, others=others)
    problems: list[str] = []
    platform = service = None
    try:
        platform = PlatformSettings()
    except ValidationError as error:
        problems.append(explain(error, "TOCSIN_"))
    try:
        service = settings_class()
    except ValidationError as error:
        problems.append(explain(error, str(settings_class.model_config.get("env_prefix", ""))))
    if platform is not None:
        problems += missing_for_serving(name, platform)
    if problems or platform is None or service is None:
        raise SettingsError("\n".join(["the settings make no sense:", *problems]))
    return platform, service


def warn_of_plain_http(public_url: str) -> None:
    """Say in the log that sessions can be overheard, if browsers come over a network without https."""
    parts = urlsplit(public_url)
    if parts.scheme == "http" and not _is_this_machine(parts.hostname or ""):
        detail = "sessions can be overheard: put https before Tocsin, and its address into TOCSIN_PUBLIC_URL"
        log.warning("process.public_url_is_http", public_url=public_url, detail=detail)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def missing_for_serving(name: str, settings: PlatformSettings) -> list[str]:
    """What a service that serves alone cannot do without."""
    problems = []
    if not settings.database_for(name):
        own = f"TOCSIN_{name.upper()}_DATABASE_URL"
        problems.append(f"TOCSIN_DATABASE_URL or {own}: set one, such as postgresql://tocsin:…@db/tocsin")
    if len(settings.secret_key.get_secret_value()) < SHORTEST_KEY:
        problems.append(
            f"TOCSIN_SECRET_KEY: set at least {SHORTEST_KEY} random characters, the same for all services"
        )
    return problems + problems_with_admin_token(settings)


async def _serve(
    name: str, settings: PlatformSettings, service_settings: ServiceSettings, create_app: CreateApp
) -> None:
    bus = connect(settings)
    await bus.start()
    async with httpx2.AsyncClient(timeout=httpx2.Timeout(10, connect=3)) as client:
        couriers, heralds = (_roads(name, settings, client=client, path=path) for path in (PATH, AHEAD))
        platform = replace(Platform(settings, bus), couriers=couriers, heralds=heralds, wedged=_exit_wedged)
        app = create_app(service_settings, platform)
        config = uvicorn_config(
            app, host=settings.host, port=settings.port, trusted_proxies=settings.trusted_proxies
        )
        server = TocsinServer(config, drain=settings.drain_seconds)
        server.before_drain(lambda: _drain(app))
        await server.serve()
    await bus.close()


def _roads(
    name: str, settings: PlatformSettings, *, client: httpx2.AsyncClient, path: str
) -> dict[str, Courier]:
    secret_key = settings.secret_key.get_secret_value()
    return {
        peer: http_courier(peer, url=url, issuer=name, secret_key=secret_key, client=client, path=path)
        for peer, url in settings.peers().items()
        if peer != name
    }


def _drain(app: FastAPI) -> None:
    app.state.service.health.draining = True
    app.state.service.live.close()


def _exit_wedged(service: str) -> None:
    """A consumer that hangs is beyond repair from inside: the orchestrator starts a fresh process (R21)."""
    log.critical("process.exits_wedged", service=service)
    os._exit(1)
