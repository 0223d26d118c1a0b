"""A name is looked up before anything is held: no transaction, and none of the few connections."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx2
import pytest

from tests.integration.paging.stage import Stage
from tocsin_runtime.database import plain_url

HOOK = {"channel": "webhook", "address": "https://hook.example.org/x"}
HELD = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND state LIKE 'idle in transaction%' AND query LIKE 'SELECT%FROM idempotency%'"
)


@pytest.fixture
async def looked_up(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[int]]:
    """For each time that the hook's name was looked up, how many transactions waited for it under a key."""
    loop, onlooker = asyncio.get_running_loop(), await asyncpg.connect(plain_url(database_url))
    resolve, waiting = loop.getaddrinfo, list[int]()

    async def noted(host: Any, port: Any, **how: Any) -> Any:
        if host != "hook.example.org":
            return await resolve(host, port, **how)
        waiting.append(await onlooker.fetchval(HELD))
        return await resolve("8.8.8.8", port, **how)

    monkeypatch.setattr(loop, "getaddrinfo", noted)
    yield waiting
    await onlooker.close()


async def test_under_an_idempotency_key_too(
    client: httpx2.AsyncClient, stage: Stage, looked_up: list[int]
) -> None:
    path = f"/api/v1/users/{await stage.person('Ana')}/contact-methods"
    keyed = httpx2.Headers({"Idempotency-Key": "once"})
    assert (await client.post(path, json=HOOK, headers=keyed)).status_code == 201
    assert looked_up == [0]
    again = await client.post(path, json=HOOK, headers=keyed)
    assert (again.status_code, again.json()["code"]) == (409, "shown_before")
    assert looked_up == [0], "what is answered by the key is not looked up again"
    assert (await client.post(path, json=HOOK, headers={"Idempotency-Key": "2"})).status_code == 409
    assert looked_up == [0, 0]
    assert len((await client.get(path)).json()["items"]) == 1
