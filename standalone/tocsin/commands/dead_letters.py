"""`tocsin dead-letters …`: events that no try could handle, with their bytes as they came (R18)."""

from datetime import datetime
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from tocsin_runtime.settings import SERVICES

if TYPE_CHECKING:
    from tocsin_bus.dead_letters import DeadLetterEntry

app = typer.Typer(help="Events that no try could handle.", no_args_is_help=True)
console = Console(highlight=False)
Service = Annotated[str, typer.Option(help="Only of this service; default all.")]


@app.command("list")
def list_dead(service: Service = "") -> None:
    """What is dead, and why."""
    table = Table("service", "id", "type", "parked", "reason", box=None)
    for name in _services(service):
        for entry in _letters().find(name):
            table.add_row(
                name, str(entry.id), entry.type, f"{entry.parked_at:%Y-%m-%d %H:%M} UTC", entry.reason[:80]
            )
    console.print(table if table.row_count else "no dead letters")


@app.command("show")
def show(letter_id: UUID, service: Service = "") -> None:
    """One of them whole."""
    for name in _services(service):
        for entry in _letters().find(name, ids=[letter_id]):
            _print(name, entry)
            return
    console.print(f"no dead letter {letter_id}")
    raise typer.Exit(1)


@app.command("replay")
def replay(
    letter_id: Annotated[
        list[UUID] | None, typer.Argument(help="These; or choose by --type or --since.")
    ] = None,
    service: Service = "",
    type: Annotated[str, typer.Option(help="All of this event type.")] = "",
    since: Annotated[datetime | None, typer.Option(help="All parked since then, in UTC.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only says what would be done.")] = False,
) -> None:
    """Try them again, with the same event ids, so that nothing happens twice."""
    if not (letter_id or type or since):
        raise typer.BadParameter("name ids, or --type, or --since")
    count = 0
    for name in _services(service):
        chosen = _letters().find(name, ids=letter_id, kind=type or None, since=since)
        for entry in chosen:
            console.print(f"{name:10} {entry.id} {entry.type}")
        if yes and chosen:
            ids = [entry.id for entry in chosen]
            _letters().replay(name, ids)
        count += len(chosen)
    console.print(f"{count} {'will be tried again now' if yes else 'would be tried again; say --yes'}")


def _services(service: str) -> list[str]:
    if service and service not in SERVICES:
        raise typer.BadParameter(f"choose one of {', '.join(SERVICES)}", param_hint="--service")
    return [service] if service else list(SERVICES)


def _letters() -> ModuleType:
    """The database's libraries take a while to load, which other commands should not have to wait for."""
    return import_module("tocsin.letters")


def _print(service: str, entry: "DeadLetterEntry") -> None:
    console.print(f"{service}  {entry.type}  event {entry.event_id}")
    console.print(
        f"parked {entry.parked_at:%Y-%m-%d %H:%M:%S} UTC after {entry.attempts} tries: {entry.reason}"
    )
    for name, value in sorted(entry.headers.items()):
        console.print(f"  {name}: {value}", soft_wrap=True)
    console.print(entry.data.decode("utf-8", "replace"), soft_wrap=True, markup=False)
