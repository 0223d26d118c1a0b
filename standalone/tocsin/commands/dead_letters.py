"""`tocsin dead-letters …`: events that no try could handle, with their bytes as they came (R18)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from tocsin.local_database import local_settings
from tocsin.registry import SERVICES
from tocsin_bus.dead_letters import DeadLetterEntry, find_dead_letters, replay_dead_letters
from tocsin_runtime.database import Database
from tocsin_runtime.migrate import role_of

app = typer.Typer(help="Events that no try could handle.", no_args_is_help=True)
console = Console(highlight=False)
T = TypeVar("T")
Service = Annotated[str, typer.Option(help="Only of this service; default all.")]


@app.command("list")
def list_dead(service: Service = "") -> None:
    """What is dead, and why."""
    table = Table("service", "id", "type", "parked", "reason", box=None)
    for name in _services(service):
        for entry in _with_database(name, find_dead_letters):
            table.add_row(
                name, str(entry.id), entry.type, f"{entry.parked_at:%Y-%m-%d %H:%M} UTC", entry.reason[:80]
            )
    console.print(table if table.row_count else "no dead letters")


@app.command("show")
def show(letter_id: UUID, service: Service = "") -> None:
    """One of them whole."""
    for name in _services(service):
        for entry in _with_database(name, partial(find_dead_letters, ids=[letter_id])):
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
        chosen = _with_database(
            name, partial(find_dead_letters, ids=letter_id, kind=type or None, since=since)
        )
        for entry in chosen:
            console.print(f"{name:10} {entry.id} {entry.type}")
        if yes and chosen:
            ids = [entry.id for entry in chosen]
            _with_database(name, partial(replay_dead_letters, ids=ids, service=name))
        count += len(chosen)
    console.print(f"{count} {'will be tried again now' if yes else 'would be tried again; say --yes'}")


def _services(service: str) -> list[str]:
    if service and service not in SERVICES:
        raise typer.BadParameter(f"choose one of {', '.join(SERVICES)}", param_hint="--service")
    return [service] if service else list(SERVICES)


def _with_database(service: str, use: Callable[[Database], Awaitable[T]]) -> T:
    settings = local_settings()

    async def run() -> T:
        role = None if settings.has_own_login(service) else role_of(service)
        database = Database(settings.database_for(service), schema=service, role=role, pool_size=1)
        try:
            return await use(database)
        finally:
            await database.close()

    return asyncio.run(run())


def _print(service: str, entry: DeadLetterEntry) -> None:
    console.print(f"{service}  {entry.type}  event {entry.event_id}")
    console.print(
        f"parked {entry.parked_at:%Y-%m-%d %H:%M:%S} UTC after {entry.attempts} tries: {entry.reason}"
    )
    for name, value in sorted(entry.headers.items()):
        console.print(f"  {name}: {value}", soft_wrap=True)
    console.print(entry.data.decode("utf-8", "replace"), soft_wrap=True, markup=False)
