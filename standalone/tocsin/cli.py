"""The command line: each command reads its arguments and calls one function; errors become one line and exit code 2."""

import gc
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer
from rich.console import Console

from tocsin.api import ApiError
from tocsin.commands import access, configuration, dead_letters, inspect, paging, simulation
from tocsin.options import UpOptions
from tocsin.registry import SCHEMAS
from tocsin_runtime.settings import SERVICES, SettingsError

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
    port: Annotated[
        int, typer.Option(help="Port to listen on; default 8080.", min=0, max=65535, show_default=False)
    ] = 0,
    kafka: Annotated[str, typer.Option(help="Bootstrap servers; default: the bus lives in PostgreSQL.")] = "",
    database: Annotated[str, typer.Option(help="PostgreSQL URL; default: an embedded one.")] = "",
    starter: Annotated[bool, typer.Option(help="Make a starter configuration on an empty Tocsin.")] = True,
) -> None:
    """Run all of Tocsin in one process on this machine."""
    options = UpOptions(
        data_dir=data_dir, host=host, port=port, kafka=kafka, database=database, starter=starter
    )
    _load("tocsin.hosting").run_up(options, console)


@app.command("serve")
def serve_command(service: Annotated[str, typer.Argument(help=", ".join(SERVICES))]) -> None:
    """Run one service, as the containers do."""
    _known([service], SERVICES)
    _load("tocsin.hosting_one").run_service(service)


@app.command("migrate")
def migrate_command(
    services: Annotated[list[str] | None, typer.Argument(help="Only these; default all.")] = None,
) -> None:
    """Bring the database to this release's tables. Safe to run again, and at once with others."""
    _known(services or [], SCHEMAS)
    _load("tocsin.hosting").run_migrations(services or [], console)


def main() -> None:
    """What the `tocsin` script runs."""
    try:
        app()
    except (ApiError, SettingsError) as error:
        errors.print(f"tocsin: {error}", style="red", soft_wrap=True, markup=False)
        sys.exit(2)


def _load(hosting: str) -> ModuleType:
    """The services' libraries take a second to load, which a client command should not have to wait for.

    The collector would look through all of it again and again meanwhile; the server begins to collect once it listens.
    """
    gc.disable()
    return import_module(hosting)


def _known(services: list[str], choices: tuple[str, ...]) -> None:
    for name in services:
        if name not in choices:
            raise SettingsError(f"there is no service {name!r}; choose one of {', '.join(choices)}")
