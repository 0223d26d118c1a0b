"""Every place of every body, and every parameter, with what does not belong there: an answer, never a 500."""

from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

import httpx2
import pytest

from tests.e2e.hostile.surface import Operation, Surface
from tests.e2e.hostile.values import JSON, TEXT, Raw, dumped, places, with_value
from tocsin.api import Api, open_api
from tocsin_runtime.settings import SERVICES
from tocsin_testkit.world import ADMIN_TOKEN, OneProcess

VALUES_A_PLACE = 8
"""So many of the values at each place, going on where the place before left off."""


@pytest.fixture(scope="module")
def api(world: OneProcess) -> Api:
    return open_api(world.origin, ADMIN_TOKEN)


def test_no_request_makes_it_fail_inside(api: Api) -> None:
    values = cycle(JSON)
    wrong, asked = [], 0
    for operation in Surface(api).operations():
        for sent in [*_queries(operation), *_bodies(operation, values)]:
            answer = api.client.request(operation.method, operation.path, **sent)
            asked += 1
            if problem := _problem_of(answer):
                wrong.append(f"{operation.method} {operation.path} {str(sent)[:200]}: {problem}")
    assert not wrong, "\n".join(wrong[:40])
    assert asked > 1_000


def test_a_cursor_of_one_list_is_refused_by_every_other(api: Api) -> None:
    lists = [op.path for op in Surface(api).operations() if op.method == "GET" and "cursor" in op.query]
    cursors = {
        path: answer["next"]
        for path in lists
        if (answer := api.client.get(path, params={"limit": 1}).json()).get("next")
    }
    assert len(cursors) > 3
    for origin, cursor in cursors.items():
        found = {path: api.client.get(path, params={"cursor": cursor}).status_code for path in lists}
        assert found == {path: 200 if path == origin else 422 for path in lists if path in found}


def test_all_five_are_well_afterwards(api: Api, world: OneProcess) -> None:
    ready = api.client.get("/readyz")
    assert ready.status_code == 200, ready.text
    for service in SERVICES:
        assert f"tocsin_{service}_" in api.client.get("/metrics").text
    assert "Internal error" not in world.process.log()


def _bodies(operation: Operation, values: Iterator[str]) -> Iterator[dict[str, Any]]:
    for body in _variants(operation):
        yield {"json": body}
        for place in places(body):
            many = len(JSON) if place[-1:] == ("address",) else VALUES_A_PLACE
            for value in ("null", *islice(values, many)):
                content = dumped(with_value(body, place, Raw(value))).encode("utf-8", "surrogatepass")
                yield {"content": content, "headers": {"content-type": "application/json"}}


def _variants(operation: Operation) -> list[Any]:
    """The body, and what else its words can make of it; of a change each field by itself, too."""
    body = operation.body
    if body is None:
        return []
    if isinstance(body, dict) and "channel" in body:
        return [{**body, "channel": channel} for channel in ("email", "webhook", "apprise")]
    if isinstance(body, dict) and operation.method == "PATCH":
        return [body, *({name: value} for name, value in body.items())]
    return [body]


def _queries(operation: Operation) -> Iterator[dict[str, Any]]:
    for name in operation.query:
        for value in TEXT:
            yield {"params": {name: value}}


def _problem_of(answer: httpx2.Response) -> str:
    if answer.status_code >= 500:
        return f"{answer.status_code} {answer.text[:200]}"
    if answer.status_code < 400:
        return ""
    if not answer.request.url.path.startswith("/api/v1/"):
        return ""
    if answer.headers["content-type"] != "application/problem+json":
        return f"{answer.status_code} as {answer.headers['content-type']}"
    return "" if answer.json()["detail"] else f"{answer.status_code} without a word"
