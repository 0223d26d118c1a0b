"""What the commands that run all of Tocsin or migrate do. Loaded only by them: it brings in all libraries there are."""

import asyncio
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog
import uvloop
from rich.console import Console

from tocsin.banner import Banner
from tocsin.embedded_errors import EmbeddedError
from tocsin.migrating import migrate_all
from tocsin.options import UpOptions
from tocsin.settings_check import checked_settings
from tocsin.up import up
from tocsin_runtime.hard_stop import HARD_STOP
from tocsin_runtime.logging import set_up_logging
from tocsin_runtime.schemas import MigrationError
from tocsin_runtime.settings import SERVICES, SettingsError
from tocsin_runtime.zones import pin_time_zones

log = structlog.get_logger("tocsin.hosting")
HARD_STOP_WITHIN = 32.0
"""Seconds: longer than for a service alone, as five stop one after another; systemd gives 40, PostgreSQL may need 6."""


def run_up(options: UpOptions, console: Console, *, hard_stop: float = HARD_STOP_WITHIN) -> None:
    """Run all in one process until a signal, whose stop may take `hard_stop` seconds.

    Raises SettingsError when it cannot.
    """
    settings = checked_settings()
    level = settings.log_level if "log_level" in settings.model_fields_set else "warning"
    set_up_logging(level=level, form="console")
    log.info("process.started", tzdata=pin_time_zones())
    HARD_STOP.allow(hard_stop)
    _run(up(options, settings, Banner(console)))


def run_migrations(services: Sequence[str], console: Console) -> None:
    """Migrate. Raises SettingsError when it cannot."""
    settings = checked_settings()
    homeless = [name for name in SERVICES if not settings.database_for(name)]
    if homeless:
        own = f"TOCSIN_{homeless[0].upper()}_DATABASE_URL"
        raise SettingsError(
            f"set TOCSIN_DATABASE_URL or {own}, such as postgresql://tocsin:…@localhost/tocsin"
        )
    set_up_logging(level="warning", form="console")
    _run(migrate_all(settings, only=services, report=console.print))


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        uvloop.run(work)
    except (EmbeddedError, MigrationError, OSError) as error:
        raise SettingsError(str(error)) from error
    except KeyboardInterrupt:
        sys.exit(130)
    except asyncio.CancelledError:
        sys.exit(143)
