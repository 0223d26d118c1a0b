"""A service's real app inside a test: its own database, the real embedded bus, a clock that the test moves."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from fastapi import FastAPI
from pydantic import SecretStr

from tocsin_bus.connect import connect
from tocsin_chassis.platform import Courier, Platform
from tocsin_runtime.clock import Clock
from tocsin_runtime.settings import PlatformSettings, ServiceSettings

ADMIN_TOKEN = "admin-token-of-the-tests"
SECRET_KEY = "a-secret-key-that-only-the-tests-use"
ORIGIN = "http://tocsin.test"


def build_app(
    create_app: Callable[..., FastAPI],
    settings_class: type[ServiceSettings],
    database_url: str,
    clock: Clock,
    heralds: Mapping[str, Courier] | None = None,
    **settings: Any,
) -> FastAPI:
    """The app, not started. `settings` are the service's own, `heralds` its ways ahead of the bus."""
    platform_settings = PlatformSettings(
        database_url=database_url,
        secret_key=SecretStr(SECRET_KEY),
        admin_token=SecretStr(ADMIN_TOKEN),
        public_url=ORIGIN,
    )
    platform = Platform(platform_settings, connect(platform_settings), clock=clock, heralds=heralds or {})
    return create_app(settings_class(**settings), platform)


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Start the app and its bus, give a client without credentials, stop both."""
    bus = app.state.service.platform.bus
    await bus.start()
    try:
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ORIGIN) as client,
        ):
            yield client
    finally:
        await bus.close()
