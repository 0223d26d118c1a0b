"""`tocsin simulate`: play an incident and check every step; the exit code tells."""

from typing import Annotated

import typer
from rich.console import Console

from tocsin.api import open_api
from tocsin.simulate import SCENARIOS, StoryBroken

app = typer.Typer()
console = Console(highlight=False)


@app.command("simulate")
def simulate(
    scenario: Annotated[str, typer.Argument(help=", ".join(SCENARIOS))] = "latency-spike",
    service: Annotated[str, typer.Option(help="Slug or name of the service that it happens to.")] = "",
    patience: Annotated[float, typer.Option(help="Seconds to wait for each step.")] = 30.0,
) -> None:
    """Send real webhooks to a running Tocsin, and show the story as it unfolds."""
    if scenario not in SCENARIOS:
        raise typer.BadParameter(f"choose one of {', '.join(SCENARIOS)}")
    play = SCENARIOS[scenario](open_api(), _tell, service=service, patience=patience)
    try:
        left_out = play.play()
    except StoryBroken as broken:
        console.print(f"[red]broken[/red]  {broken}", soft_wrap=True)
        raise typer.Exit(1) from broken
    console.print("[green]the story holds[/green]")
    if left_out:
        console.print(f"[yellow]left out[/yellow]  {left_out}", soft_wrap=True)


def _tell(when: str, what: str) -> None:
    console.print(f"[dim]{when}[/dim]  {what}", soft_wrap=True)
