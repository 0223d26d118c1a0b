"""`tocsin doctor`: looks for what is wrong, and says what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import typer
from rich.console import Console

from tocsin.api import Api, ApiError, open_api

Body = dict[str, Any]
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
    default = next((policy for policy in policies if policy["default"]), None)
    found += [_escalation_of(service, default) for service in services]
    for policy in policies:
        found += _steps_of(policy, api.get("/api/v1/on-call", policy=policy["slug"])["items"])
    return found


def _escalation_of(service: Body, default: Body | None) -> Finding:
    if service["escalation_policy_id"] is None and default is not None:
        return Finding(
            f"service {service['name']} is paged for by the default policy {default['name']}", True
        )
    advice = f"set escalation_policy on the page /services/{service['slug']}, or in your file"
    has_policy = service["escalation_policy_id"] is not None
    return Finding(f"service {service['name']} has an escalation policy", has_policy, advice)


def _steps_of(policy: Body, on_call: Sequence[Body]) -> list[Finding]:
    """Each step that would reach nobody if it acted now, and why; or that all reach somebody."""
    reached = {entry["step"] for entry in on_call if entry["user_id"]}
    found = []
    for number, step in enumerate(policy["steps"], start=1):
        if number not in reached:
            why = [entry["why"] for entry in on_call if entry["step"] == number]
            advice = "; ".join(why) if step["targets"] else "its people were removed; name others"
            found.append(Finding(f"step {number} of policy {policy['name']} reaches somebody", False, advice))
    return found or [Finding(f"every step of policy {policy['name']} reaches somebody now", True)]
