"""`tocsin simulate`: play an incident and check every step; the exit code tells."""

from typing import Annotated

import typer
from rich.console import Console

from tocsin.api import open_api
from tocsin.simulate import SCENARIOS, LatencySpike, StoryBroken

app = typer.Typer()
console = Console(highlight=False)


@app.command("simulate")
def simulate(
    scenario: Annotated[str, typer.Argument(help=", ".join(SCENARIOS))] = "latency-spike",
    service: Annotated[str, typer.Option(help="Slug or name of the service that it happens to.")] = "",
    patience: Annotated[float, typer.Option(help="Seconds to wait for each step.")] = 30.0,
    status_page: Annotated[
        bool, typer.Option("--status-page/--no-status-page", help="Look whether the status page turns.")
    ] = True,
) -> None:
    """Send real webhooks to a running Tocsin, and show the story as it unfolds."""
    if scenario not in SCENARIOS:
        raise typer.BadParameter(f"choose one of {', '.join(SCENARIOS)}")
    play = SCENARIOS[scenario](open_api(), _tell, service=service, patience=patience, status_page=status_page)
    raise typer.Exit(judged(play, status_page=status_page))


def judged(play: LatencySpike, *, status_page: bool) -> int:
    """Play it and say how it went; the exit code."""
    try:
        play.play()
    except StoryBroken as broken:
        console.print(f"[red]broken[/red]  {broken}", soft_wrap=True)
        return 1
    console.print("[green]the story holds[/green]")
    if not status_page:
        console.print("[yellow]left out[/yellow]  the status page was not looked at", soft_wrap=True)
    return 0


def _tell(when: str, what: str) -> None:
    console.print(f"[dim]{when}[/dim]  {what}", soft_wrap=True)
