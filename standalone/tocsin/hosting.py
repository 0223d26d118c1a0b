"""What the commands that run or migrate services do. Loaded only by them: it brings in all the services' libraries."""

import asyncio
import os
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog
import uvloop
from pydantic import ValidationError
from rich.console import Console

from tocsin.banner import Banner
from tocsin.embedded_errors import EmbeddedError
from tocsin.migrating import migrate_all
from tocsin.options import UpOptions
from tocsin.registry import create_app_of, settings_of
from tocsin.up import up
from tocsin_chassis.serving import serve_alone
from tocsin_runtime.logging import set_up_logging
from tocsin_runtime.migrate import MigrationError
from tocsin_runtime.settings import (
    SERVICES,
    PlatformSettings,
    SettingsError,
    explain,
    read_secret_files,
    refuse_unknown,
)
from tocsin_runtime.zones import pin_time_zones

log = structlog.get_logger("tocsin.hosting")


def run_up(options: UpOptions, console: Console) -> None:
    """Run all in one process until a signal. Raises SettingsError when it cannot."""
    settings = _settings()
    level = settings.log_level if "log_level" in settings.model_fields_set else "warning"
    set_up_logging(level=level, form="console")
    log.info("process.started", tzdata=pin_time_zones())
    _run(up(options, settings, Banner(console)))


def run_service(service: str) -> None:
    """Run one service until a signal. Raises SettingsError when it cannot."""
    _settings()
    serve_alone(service, settings_of(service), create_app_of(service))


def run_migrations(services: Sequence[str], console: Console) -> None:
    """Migrate. Raises SettingsError when it cannot."""
    settings = _settings()
    homeless = [name for name in SERVICES if not settings.database_for(name)]
    if homeless:
        own = f"TOCSIN_{homeless[0].upper()}_DATABASE_URL"
        raise SettingsError(
            f"set TOCSIN_DATABASE_URL or {own}, such as postgresql://tocsin:…@localhost/tocsin"
        )
    set_up_logging(level="warning", form="console")
    _run(migrate_all(settings, only=services, report=console.print))


def _settings() -> PlatformSettings:
    read_secret_files()
    refuse_unknown([PlatformSettings, *(settings_of(name) for name in SERVICES)], os.environ)
    try:
        return PlatformSettings()
    except ValidationError as error:
        raise SettingsError("the settings make no sense:\n" + explain(error, "TOCSIN_")) from error


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        uvloop.run(work)
    except (EmbeddedError, MigrationError, OSError) as error:
        raise SettingsError(str(error)) from error
    except KeyboardInterrupt:
        sys.exit(130)
    except asyncio.CancelledError:
        sys.exit(143)
