"""The command line: each command reads its arguments and calls one function; errors become one line and exit code 2."""

import asyncio
import logging
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import uvloop
from pydantic import ValidationError
from rich.console import Console

from tocsin.api import ApiError
from tocsin.banner import Banner
from tocsin.commands import access, configuration, dead_letters, inspect, paging, simulation
from tocsin.embedded_errors import EmbeddedError
from tocsin.migrating import migrate_all
from tocsin.registry import SCHEMAS, SERVICES
from tocsin.up import UpOptions, up
from tocsin_chassis.serving import serve_alone
from tocsin_runtime.logging import set_up_logging
from tocsin_runtime.migrate import MigrationError
from tocsin_runtime.settings import (
    PlatformSettings,
    SettingsError,
    explain,
    read_secret_files,
    refuse_unknown,
)

app = typer.Typer(
    help="Tocsin: an alert comes in, the right person is woken, the world is told, everybody learns.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
for commands in (configuration.app, inspect.app, paging.app, simulation.app):
    app.registered_commands += commands.registered_commands
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(access.app, name="token")

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


@app.command("up")
def up_command(
    data_dir: Annotated[Path | None, typer.Option(help="Where data is kept.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; default 127.0.0.1.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen on; default 8080.")] = 0,
    kafka: Annotated[str, typer.Option(help="Bootstrap servers; default: the bus lives in PostgreSQL.")] = "",
    database: Annotated[str, typer.Option(help="PostgreSQL URL; default: an embedded one.")] = "",
    starter: Annotated[bool, typer.Option(help="Make a starter configuration on an empty Tocsin.")] = True,
) -> None:
    """Run all of Tocsin in one process on this machine."""
    settings = _settings()
    set_up_logging(
        level="warning" if "log_level" not in settings.model_fields_set else settings.log_level,
        form="console",
    )
    options = UpOptions(
        data_dir=data_dir, host=host, port=port, kafka=kafka, database=database, starter=starter
    )
    _run(up(options, settings, Banner(console)))


@app.command("serve")
def serve_command(service: Annotated[str, typer.Argument(help=", ".join(SERVICES))]) -> None:
    """Run one service, as the containers do."""
    if service not in SERVICES:
        _fail(f"there is no service {service!r}; choose one of {', '.join(SERVICES)}")
    _settings()
    entry = SERVICES[service]
    serve_alone(service, entry.settings, entry.create_app)


@app.command("migrate")
def migrate_command(
    services: Annotated[list[str] | None, typer.Argument(help="Only these; default all.")] = None,
) -> None:
    """Bring the database to this release's tables. Safe to run again, and at once with others."""
    unknown = sorted(set(services or ()) - set(SCHEMAS))
    if unknown:
        _fail(f"there is no service {unknown[0]!r}; choose from {', '.join(SCHEMAS)}")
    settings = _settings()
    homeless = [name for name in SERVICES if not settings.database_for(name)]
    if homeless:
        own = f"TOCSIN_{homeless[0].upper()}_DATABASE_URL"
        _fail(f"set TOCSIN_DATABASE_URL or {own}, such as postgresql://tocsin:…@localhost/tocsin")
    set_up_logging(level="warning", form="console")
    _run(migrate_all(settings, only=services or (), report=console.print))


def main() -> None:
    """What the `tocsin` script runs."""
    try:
        app()
    except (ApiError, SettingsError) as error:
        _fail(str(error))


def _settings() -> PlatformSettings:
    try:
        read_secret_files()
        refuse_unknown([PlatformSettings, *(entry.settings for entry in SERVICES.values())], os.environ)
        return PlatformSettings()
    except SettingsError as error:
        _fail(str(error))
    except ValidationError as error:
        _fail("the settings make no sense:\n" + explain(error, "TOCSIN_"))


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        uvloop.run(work)
    except (EmbeddedError, MigrationError, SettingsError, OSError) as error:
        logging.getLogger("tocsin").debug("failed", exc_info=error)
        _fail(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except asyncio.CancelledError:
        sys.exit(143)


def _fail(line: str) -> NoReturn:
    errors.print(f"tocsin: {line}", style="red", soft_wrap=True)
    sys.exit(2)
