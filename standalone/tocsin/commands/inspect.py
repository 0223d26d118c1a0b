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
    """One thing looked at; `advice` says what to do when it is not well. Not looked at: `ok` is None."""

    what: str
    ok: bool | None
    advice: str = ""


MARKS = {True: "[green]ok[/green]  ", False: "[red]bad[/red] ", None: "[yellow]skip[/yellow]"}
ASK_EACH = (
    "Behind a proxy each service answers for itself: ask /readyz at its own address (TOCSIN_<SERVICE>_URL,"
    " port 8080 of its container), or with Kubernetes `kubectl get pods`"
)


@app.command("doctor")
def doctor() -> None:
    """Look at a running Tocsin; exit code 1 when something is wrong."""
    api = open_api()
    findings = [*_health(api), *_configuration(api)]
    for finding in findings:
        advice = f"\n      {finding.advice}" if not finding.ok else ""
        console.print(f"{MARKS[finding.ok]} {finding.what}{advice}", soft_wrap=True)
    raise typer.Exit(1 if any(finding.ok is False for finding in findings) else 0)


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
    return readiness(answer)


def readiness(answer: httpx2.Response) -> list[Finding]:
    """What /readyz says of all services, or of the one that was asked."""
    if answer.status_code == 404:
        return [Finding("readiness was not looked at: no /readyz at this address", None, ASK_EACH)]
    states = _states(answer) if answer.status_code in {200, 503} else {}
    if not states:
        what = f"/readyz says how the services are (it answered {answer.status_code})"
        return [Finding(what, False, "no answer of Tocsin's: look at TOCSIN_URL, and what is in front of it")]
    return [
        Finding(f"{service}: {name}", bool(check["ok"]), check["detail"])
        for service, state in states.items()
        for name, check in state["checks"].items()
    ]


def _states(answer: httpx2.Response) -> Body:
    try:
        body = answer.json()
    except ValueError:
        return {}
    if not isinstance(body, dict):
        return {}
    found: Body = body.get("services") or ({body["service"]: body} if "service" in body else {})
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
