"""What another service confirmed a moment ago may be named at once, though its entry is still on its way."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from tocsin_access.directory import apply_entry
from tocsin_chassis import once_told
from tocsin_events.directory import DirectoryEvent, EscalationPolicyChanged, Role, TeamChanged, UserChanged
from tocsin_runtime.ids import new_id

SERVICES = "/api/v1/services"
Asking = asyncio.Task[httpx2.Response]
PATIENCE = 2.0


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here entries do not come over the bus, by which it would know that it holds all."""
    monkeypatch.setattr(once_told, "SENT_WITHIN", PATIENCE)


async def still_asking(asked: Coroutine[Any, Any, httpx2.Response]) -> Asking:
    """The request, which has not been answered 0.3 seconds later."""
    asking = asyncio.create_task(asked)
    done, _ = await asyncio.wait({asking}, timeout=0.3)
    assert not done, asking.result().text
    return asking


async def tell(app: FastAPI, entry: DirectoryEvent) -> None:
    async with app.state.service.unit_of_work() as uow:
        await apply_entry(entry, uow)


def team(team_id: UUID) -> TeamChanged:
    return TeamChanged(id=team_id, version=1, name="Core", slug="core")


async def test_a_new_service_waits_for_its_policy(app: FastAPI, client: httpx2.AsyncClient) -> None:
    policy_id = new_id()
    body = {"name": "Web", "escalation_policy_id": str(policy_id)}
    asking = await still_asking(client.post(SERVICES, json=body))

    await tell(app, EscalationPolicyChanged(id=policy_id, version=1, name="Core", slug="core"))

    answer = await asking
    assert answer.status_code == 201, answer.text
    assert answer.json()["escalation_policy_id"] == str(policy_id)


async def test_a_changed_service_waits_for_its_team(app: FastAPI, client: httpx2.AsyncClient) -> None:
    team_id, made = new_id(), (await client.post(SERVICES, json={"name": "Web"})).json()
    body = {"team_id": str(team_id)}
    asking = await still_asking(client.patch(f"{SERVICES}/{made['id']}", json=body))

    other = await client.post(SERVICES, json={"name": "Mail"})
    assert other.status_code == 201, "who waits holds nobody up"
    await tell(app, team(team_id))

    answer = await asking
    assert (answer.status_code, answer.json()["team_id"]) == (200, str(team_id))


async def test_an_incident_waits_for_whom_it_is_given_to(app: FastAPI, client: httpx2.AsyncClient) -> None:
    await client.post("/api/v1/incidents", json={"title": "It is down", "severity": "SEV-2"})
    user_id = new_id()
    body = {"user_id": str(user_id)}
    asking = await still_asking(client.post("/api/v1/incidents/INC-1/assign", json=body))

    await tell(
        app, UserChanged(id=user_id, version=1, name="Ana", email="ana@example.com", role=Role.RESPONDER)
    )

    answer = await asking
    assert (answer.status_code, answer.json()["assignee_id"]) == (200, str(user_id))


async def test_what_is_never_told_is_unknown_in_the_end(client: httpx2.AsyncClient) -> None:
    clock = asyncio.get_running_loop()
    began = clock.time()
    answer = await client.post(SERVICES, json={"name": "Web", "team_id": str(new_id())})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"pointer": "/team_id", "detail": "There is no such team. GET /api/v1/teams lists them."}
    ]
    assert clock.time() - began >= PATIENCE
    assert (await client.get(SERVICES)).json()["items"] == []


async def test_under_a_key_it_is_said_at_once_and_the_key_serves_again(
    app: FastAPI, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once_told, "PATIENCE", 20.0)
    team_id, key = new_id(), {"Idempotency-Key": "make-web"}
    body = {"name": "Web", "team_id": str(team_id)}
    async with asyncio.timeout(10):
        early = await client.post(SERVICES, json=body, headers=key)
    assert early.status_code == 422, "its transaction is open, and nobody waits in one"

    await tell(app, team(team_id))

    answer = await client.post(SERVICES, json=body, headers=key)
    assert answer.status_code == 201, answer.text
