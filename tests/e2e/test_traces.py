"""One trace from the post of an alert to the pages that it leads to, a later step's too, and all events between."""

from collections.abc import Iterator
from typing import Any

import asyncpg
import orjson
import pytest

from tests.e2e.configurations import KEY, configure
from tests.e2e.test_story import ALERT, listed
from tocsin.embedded import url_of
from tocsin.embedded_layout import Layout
from tocsin_runtime.schemas import role_of
from tocsin_testkit.receiver import Receiver
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import OneProcess

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
STORY = {"alert.opened", "incident.opened", "page.requested", "page.sent"}
Headers = dict[str, str]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as started:
        yield started


@pytest.mark.parametrize("world", ["one process"], indirect=True)
async def test_the_trace_of_a_post_comes_out_with_every_page(world: OneProcess, receiver: Receiver) -> None:
    await configure(world)
    for person in await listed(world.client, "/api/v1/users"):
        path = f"/api/v1/users/{person['id']}/contact-methods"
        made = await world.client.post(path, json={"channel": "webhook", "address": receiver.url})
        assert made.status_code == 201, made.text

    posted = await world.client.post(
        f"/api/v1/webhooks/generic/{KEY}", json=ALERT, headers={"traceparent": TRACE}
    )
    assert posted.status_code == 202, posted.text
    await eventually(lambda: len(receiver.calls) == 2, within=20)

    assert [(call.body["data"]["step"], call.trace) for call in receiver.calls] == [(1, TRACE), (2, TRACE)]
    told = await eventually(lambda: _told_of_both(world, posted.json()["delivery_id"]), within=10)
    assert {headers.get("traceparent") for headers in told} == {TRACE}
    [opened] = [headers["id"] for headers in told if _kind(headers) == "incident.opened"]
    assert {headers["causationid"] for headers in told if _kind(headers).startswith("page.")} == {opened}


def _kind(headers: Headers) -> str:
    return headers["type"].removeprefix("io.tocsin.").rpartition(".")[0]


async def _told_of_both(world: OneProcess, delivery_id: str) -> list[Headers]:
    """The headers of all events that belong to the delivery's story, once two pages by webhook and two by mail left."""
    told = [headers for headers in await _log(world) if headers["correlationid"] == delivery_id]
    kinds = [_kind(headers) for headers in told]
    return told if kinds.count("page.sent") == 4 and set(kinds) >= STORY else []


async def _log(world: OneProcess) -> list[Headers]:
    url = url_of(Layout(root=world.data_dir.resolve())).replace("+asyncpg", "")
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute(f"SET ROLE {role_of('bus')}")
        rows = await connection.fetch("SELECT headers FROM bus.log ORDER BY topic, number, record_offset")
    finally:
        await connection.close()
    return [orjson.loads(row["headers"]) for row in rows]
