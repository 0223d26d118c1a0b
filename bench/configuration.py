"""Sets Tocsin up for a measurement through its public API: who is paged, and who may send."""

import secrets
from dataclasses import dataclass
from typing import Any

import httpx2

from bench.generator import Target
from bench.ledger import Ledger
from tocsin_testkit.waiting import eventually

DAY = 86_400
SERVICES_PATH, SINGLES_PATH = "/services", "/singles"
SERVICES = ("web", "storm")
_LABELS = '"labels": {"alertname": "A{mod:100}", "region": "eu-1", "host": "web-{mod:200}"}'
WEB = (
    '{"dedup_key": "{id}", "title": "cpu high on web-{mod:200}", "severity": "critical", "service": "web", '
    + _LABELS
    + "}"
)
STORM = (
    '{"dedup_key": "{id}", "title": "latency high on web-{mod:200} {id}", "severity": "critical", "service": "storm", '
    + _LABELS
    + "}"
)
SINGLE = (
    '{"dedup_key": "{id}", "title": "disk full {id}", "severity": "critical", "labels": {"host": "{id}"}}'
)


@dataclass(frozen=True)
class Keys:
    """The keys of the integrations."""

    key: str

    def targets(self, origin: str) -> dict[str, Target]:
        """`web` and `storm` alerts are related and of one service; each of `singles` opens an incident of its own."""
        url = f"{origin}/api/v1/webhooks/generic/{self.key}"
        return {"web": Target(url, WEB), "storm": Target(url, STORM), "singles": Target(url, SINGLE)}


async def make_integration(client: httpx2.AsyncClient) -> Keys:
    """An integration that takes what `targets` send."""
    made = await _post(
        client, "/api/v1/integrations", {"name": f"Bench {secrets.token_hex(4)}", "source": "generic"}
    )
    return Keys(str(made["key"]))


async def make_everything(client: httpx2.AsyncClient, *, sink: str, ledger: Ledger) -> Keys:
    """Two people, paged at different paths of the sink: one for the services, one for alerts without a service."""
    await _person(client, "Bo", sink + SINGLES_PATH)
    await _policy(client, "Rest", person="bo@example.com")
    await _person(client, "Ana", sink + SERVICES_PATH)
    policy = await _policy(client, "Services", person="ana@example.com")
    for service in SERVICES:
        await eventually(lambda service=service: _make_service(client, service, policy), within=20, every=0.2)  # type: ignore[misc]
    keys = await make_integration(client)
    await eventually(lambda: ledger.all_know(services=len(SERVICES)), within=20, every=0.2)
    return keys


async def _person(client: httpx2.AsyncClient, name: str, url: str) -> None:
    body = {"name": name, "email": f"{name.lower()}@example.com"}
    person = await _post(client, "/api/v1/users", body)
    contact = {"channel": "webhook", "address": url}
    await _post(client, f"/api/v1/users/{person['id']}/contact-methods", contact)


async def _policy(client: httpx2.AsyncClient, name: str, *, person: str) -> str:
    steps = [{"targets": [{"user": person}], "delay_seconds": DAY}]
    return str((await _post(client, "/api/v1/escalation-policies", {"name": name, "steps": steps}))["id"])


async def _make_service(client: httpx2.AsyncClient, name: str, policy: str) -> bool:
    """The incidents service takes a policy only once the directory has told it of it."""
    body = {"name": name, "escalation_policy_id": policy}
    answer = await client.put(f"/api/v1/services/by-slug/{name}", json=body)
    assert answer.is_success, answer.text
    return True


async def _post(client: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body, headers={"Idempotency-Key": secrets.token_hex(8)})
    if not answer.is_success:
        raise RuntimeError(f"POST {path} answered {answer.status_code}: {answer.text}")
    made: dict[str, Any] = answer.json()
    return made
