"""`tocsin plan`, `apply` and `export`: configuration as code."""

import sys
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console

from tocsin.api import ApiError, open_api
from tocsin.applying import Change, apply, plan
from tocsin.configuration import Configuration, ConfigurationError, read_configuration
from tocsin.exporting import export

app = typer.Typer()
console = Console(highlight=False)
File = Annotated[Path, typer.Option("--file", "-f", help="The YAML file.")]
MARKS = {"create": "[green]+[/green]", "change": "[yellow]~[/yellow]", "keep": "[dim]=[/dim]"}


@app.command("plan")
def plan_command(file: File) -> None:
    """Show what `apply` would do. Exit code 3 when there is something to do."""
    changes = plan(open_api(), _read(file))
    _show(changes)
    raise typer.Exit(3 if any(change.action != "keep" for change in changes) else 0)


@app.command("apply")
def apply_command(
    file: File, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False
) -> None:
    """Show the plan, ask where somebody is at a terminal to answer, and do it. Doing it again changes nothing."""
    configuration = _read(file)
    api = open_api()
    changes = plan(api, configuration)
    _show(changes)
    if all(change.action == "keep" for change in changes):
        return
    if not yes and _somebody_answers() and not typer.confirm("Apply?"):
        raise typer.Exit(1)
    for applied in apply(api, configuration):
        key = (applied.answer or {}).get("key") if isinstance(applied.answer, dict) else None
        if key:
            console.print(f"  key of {applied.change.resource.name}: {key}  (shown once)", soft_wrap=True)
    console.print("applied")


@app.command("export")
def export_command() -> None:
    """Print the running configuration as the file that `apply` takes. Keys and secrets are not in it."""
    exported = export(open_api())
    typer.echo(
        exported.header + yaml.safe_dump(exported.configuration, sort_keys=False, allow_unicode=True),
        nl=False,
    )


def _somebody_answers() -> bool:
    """Whether stdin is a terminal: in a pipeline there is nobody to ask, and whoever calls `apply` there means it."""
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


def _read(file: Path) -> Configuration:
    try:
        return read_configuration(file)
    except ConfigurationError as error:
        raise ApiError(str(error)) from error


def _show(changes: list[Change]) -> None:
    for change in changes:
        console.print(f"{MARKS[change.action]} {change.resource.kind} {change.resource.name}", soft_wrap=True)
        if change.action == "change":
            for name, (now, then) in change.fields.items():
                console.print(f"    {name}: {_short(now)} → {_short(then)}", soft_wrap=True, markup=False)
    todo = sum(change.action != "keep" for change in changes)
    console.print(f"{todo} to do, {len(changes) - todo} as they should be")


def _short(value: object) -> str:
    text = "nothing" if value in (None, "", [], {}) else str(value)
    return text if len(text) <= 80 else text[:77] + "…"
