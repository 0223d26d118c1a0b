"""`tocsin token …`: API tokens, and a link to log in with."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tocsin.api import Api, ApiError, open_api

app = typer.Typer(help="API tokens, and links to log in with.", no_args_is_help=True)
console = Console(highlight=False)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[list[str], typer.Option(help="Such as alerts:write; may be given more than once.")],
    owner: Annotated[str, typer.Option(help="E-mail of the person whom it acts for.")] = "",
    expires: Annotated[datetime | None, typer.Option(help="When it ends, in UTC.")] = None,
) -> None:
    """Make a token. It is shown once."""
    api = open_api()
    body: dict[str, object] = {"name": name, "scopes": scope}
    if owner:
        body["owner_id"] = find_user(api, owner)["id"]
    if expires:
        body["expires_at"] = expires.replace(tzinfo=UTC).isoformat()
    made = api.call("POST", "/api/v1/tokens", json=body)
    console.print(made["token"], soft_wrap=True)


@app.command("list")
def list_tokens() -> None:
    """The tokens, without their secrets."""
    table = Table("prefix", "name", "scopes", "state", "id", box=None)
    for token in open_api().all("/api/v1/tokens"):
        table.add_row(token["prefix"], token["name"], " ".join(token["scopes"]), token["state"], token["id"])
    console.print(table)


@app.command("revoke")
def revoke(
    token: Annotated[str, typer.Argument(help="Its id or prefix, as `tocsin token list` shows.")],
) -> None:
    """End a token now. Every service knows within five seconds."""
    api = open_api()
    api.call("DELETE", f"/api/v1/tokens/{_token_id(api, token)}")
    console.print("revoked")


@app.command("login")
def login(
    email: Annotated[str, typer.Argument(help="Whom to log in; default the first administrator.")] = "",
) -> None:
    """Print a link that logs a person in once, within the hour."""
    api = open_api()
    user = find_user(api, email) if email else first_admin(api)
    console.print(api.call("POST", f"/api/v1/users/{user['id']}/login-links")["url"], soft_wrap=True)


def _token_id(api: Api, token: str) -> str:
    """The token that is meant. Raises ApiError when it is none, or not one alone."""
    named = [one["id"] for one in api.all("/api/v1/tokens") if token in (one["id"], one["prefix"])]
    if len(named) != 1:
        raise ApiError(f"{len(named)} tokens are called {token}; `tocsin token list` shows their ids")
    return str(named[0])


def find_user(api: Api, email: str) -> dict[str, str]:
    """The person with this address. Raises ApiError when there is none."""
    found = api.get("/api/v1/users", email=email)["items"]
    if not found:
        raise ApiError(f"nobody has the address {email}")
    user: dict[str, str] = found[0]
    return user


def first_admin(api: Api) -> dict[str, str]:
    """The administrator who was added first."""
    found = api.get("/api/v1/users", role="admin", limit=1)["items"]
    if not found:
        raise ApiError("there is no administrator yet; `tocsin apply` a file with one")
    user: dict[str, str] = found[0]
    return user
