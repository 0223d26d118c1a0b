"""`tocsin who` and `tocsin page`: the two questions at 03:12, asked in the afternoon."""

from typing import Annotated

import typer
from rich.console import Console

from tocsin.api import open_api
from tocsin.commands.access import find_user

app = typer.Typer()
console = Console(highlight=False)


@app.command("who")
def who(
    service: Annotated[str, typer.Option(help="Slug or name of a service.")] = "",
    schedule: Annotated[str, typer.Option(help="Slug of a schedule.")] = "",
    at: Annotated[str, typer.Option(help="An instant, such as 2026-12-24T22:00:00Z; default now.")] = "",
) -> None:
    """Who is on call, and why."""
    entries = open_api().all(
        "/api/v1/on-call", service=service or None, schedule=schedule or None, at=at or None
    )
    for entry in entries:
        person = entry["user"] or "nobody"
        schedule_name = entry["schedule"]["name"] if entry["schedule"] else f"step {entry['step']}"
        place = f"{schedule_name}, {entry['role']}" if entry["role"] else schedule_name
        console.print(f"{place:30} [bold]{person}[/bold]  ({entry['why']})", soft_wrap=True)
    if not entries:
        console.print("no schedule answers for this; see `tocsin apply`")


@app.command("page")
def page(
    user: Annotated[str, typer.Option(help="E-mail of the person.")],
    test: Annotated[
        bool, typer.Option("--test", help="Say that it is a test. There is no other kind yet.")
    ] = False,
) -> None:
    """Send a test page to each of a person's contact methods."""
    if not test:
        raise typer.BadParameter(
            "say --test; to page somebody for real, declare an incident", param_hint="--test"
        )
    api = open_api()
    person = find_user(api, user)
    sent = api.call("POST", f"/api/v1/users/{person['id']}/test-page")
    for each in sent["pages"]:
        console.print(f"{each['channel']:8} {each['user']}")
    console.print("on their way; see /mailbox or the recipient's phone")
