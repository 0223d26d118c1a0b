"""`tocsin doctor`: looks for what is wrong, and says what to do about it."""

from dataclasses import dataclass

import httpx2
import typer
from rich.console import Console

from tocsin.api import Api, ApiError, open_api

app = typer.Typer()
console = Console(highlight=False)


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `advice` says what to do when it is not well."""

    what: str
    ok: bool
    advice: str = ""


@app.command("doctor")
def doctor() -> None:
    """Look at a running Tocsin; exit code 1 when something is wrong."""
    api = open_api()
    findings = [*_health(api), *_configuration(api)]
    for finding in findings:
        mark = "[green]ok[/green]  " if finding.ok else "[red]bad[/red] "
        console.print(
            f"{mark} {finding.what}" + (f"\n      {finding.advice}" if not finding.ok else ""), soft_wrap=True
        )
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


def _health(api: Api) -> list[Finding]:
    try:
        answer = api.client.get("/readyz")
    except httpx2.HTTPError as error:
        return [
            Finding(
                f"{api.client.base_url} answers",
                False,
                f"{error!r}: start it with `tocsin up`, or set TOCSIN_URL",
            )
        ]
    if answer.status_code not in {200, 503}:
        return [Finding("readiness", True, "")]
    found = []
    for service, state in answer.json().get("services", {}).items():
        for name, check in state["checks"].items():
            found.append(Finding(f"{service}: {name}", check["ok"], check["detail"]))
    return found


def _configuration(api: Api) -> list[Finding]:
    try:
        users = api.all("/api/v1/users")
        services = api.all("/api/v1/services")
        integrations = api.all("/api/v1/integrations")
        policies = api.all("/api/v1/escalation-policies")
    except ApiError as error:
        return [Finding("the API lets us in", False, str(error))]
    found = [
        Finding("somebody can be paged", bool(users), "add people: `tocsin apply -f tocsin.yaml`"),
        Finding(
            "a monitoring tool can send alerts",
            bool(integrations),
            "add an integration on /alerts/integrations",
        ),
    ]
    for service in services:
        has_policy = service["escalation_policy_id"] is not None
        advice = f"set escalation_policy on the page /services/{service['slug']}, or in your file"
        found.append(Finding(f"service {service['name']} has an escalation policy", has_policy, advice))
    for policy in policies:
        empty = [number for number, step in enumerate(policy["steps"], start=1) if not step["targets"]]
        advice = f"step {', '.join(map(str, empty))} names nobody: its people were removed; name others"
        found.append(Finding(f"every step of policy {policy['name']} names somebody", not empty, advice))
    return found
