"""Who is on call for a service that was made a moment ago, though its entry is still on its way."""

import asyncio

import httpx2
import pytest
from fastapi import FastAPI

from tests.integration.paging.stage import Stage
from tocsin_access.directory import apply_entry
from tocsin_chassis import once_told
from tocsin_events.directory import ServiceChanged
from tocsin_runtime.ids import new_id

ON_CALL = "/api/v1/on-call"
PATIENCE = 2.0


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here entries do not come over the bus, by which it would know that it holds all."""
    monkeypatch.setattr(once_told, "SENT_WITHIN", PATIENCE)


async def test_a_new_service_has_somebody_on_call_at_once(
    app: FastAPI, client: httpx2.AsyncClient, stage: Stage
) -> None:
    await stage.policy([await stage.person("Ana")])
    service_id = new_id()
    named = [
        asyncio.create_task(client.get(ON_CALL, params={"service": n})) for n in ("web", str(service_id))
    ]
    done, _ = await asyncio.wait(named, timeout=0.3)
    assert not done, "it waits"

    async with app.state.service.unit_of_work() as uow:
        await apply_entry(ServiceChanged(id=service_id, version=1, name="Web", slug="web"), uow)

    for answer in await asyncio.gather(*named):
        assert answer.status_code == 200, answer.text
        assert [item["user"] for item in answer.json()["items"]] == ["Ana"]


async def test_a_service_that_is_never_told_is_not_found(app: FastAPI, client: httpx2.AsyncClient) -> None:
    clock = asyncio.get_running_loop()
    began = clock.time()
    answer = await client.get(ON_CALL, params={"service": "web"})
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no service web.")
    assert clock.time() - began >= PATIENCE

    began = clock.time()
    stranger = await client.get(ON_CALL, params={"service": "web"}, headers={"Authorization": "Bearer x"})
    assert stranger.status_code == 401
    assert clock.time() - began < PATIENCE, "strangers are not waited for"
