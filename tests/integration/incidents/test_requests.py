"""What every service answers to requests that are wrong before any route sees them."""

from collections.abc import AsyncIterator
from gzip import compress
from typing import Any

import httpx2
import pytest

from tocsin_chassis.frame import LARGEST_BODY
from tocsin_testkit.apps import ORIGIN

INCIDENTS = "/api/v1/incidents"
JSON = {"content-type": "application/json"}


async def endless() -> AsyncIterator[bytes]:
    """Twice as much as is taken, without saying so beforehand."""
    for _ in range(2 * LARGEST_BODY // 65536):
        yield b" " * 65536


async def test_a_body_is_not_read_beyond_its_limit_whoever_sends_it(client: httpx2.AsyncClient) -> None:
    for headers in (JSON, {**JSON, "authorization": ""}, {**JSON, "idempotency-key": "once"}):
        for content in (b" " * (LARGEST_BODY + 1), endless()):
            answer = await client.post(INCIDENTS, content=content, headers=headers)
            assert answer.status_code == 413, headers
            assert answer.headers["content-type"] == "application/problem+json"


async def test_head_is_get_without_a_body(client: httpx2.AsyncClient) -> None:
    for path in (INCIDENTS, "/livez", "/nowhere"):
        got, asked = await client.get(path), await client.head(path)
        assert (asked.status_code, asked.content) == (got.status_code, b"")
        assert asked.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", ""])
async def test_a_body_that_does_not_say_it_is_json_is_told_to(client: httpx2.AsyncClient, kind: str) -> None:
    body = b'{"title": "Checkout is down", "severity": "SEV-1"}'
    answer = await client.post(INCIDENTS, content=body, headers={"content-type": kind})
    assert answer.status_code == 415
    assert "Content-Type: application/json" in answer.json()["detail"]


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "deflate, gzip"])
async def test_a_packed_body_is_told_to_come_plain(client: httpx2.AsyncClient, encoding: str) -> None:
    body = compress(b'{"title": "Checkout is down", "severity": "SEV-1"}')
    answer = await client.post(INCIDENTS, content=body, headers={**JSON, "content-encoding": encoding})
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
    assert encoding.lower() in answer.json()["detail"]
    plain = {**JSON, "content-encoding": "identity"}
    answer = await client.post(INCIDENTS, content=b"{}", headers=plain)
    assert answer.status_code == 422


async def test_what_is_no_json_is_called_so(client: httpx2.AsyncClient) -> None:
    for body in (b"{", b'{"title": "\xff"}', b"[" * 100_000):
        answer = await client.post(INCIDENTS, content=body, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (400, "not_json")


async def test_a_wrong_parameter_is_named(client: httpx2.AsyncClient) -> None:
    answer = await client.get(INCIDENTS, params={"severity": ["SEV-1", "SEV-9"], "assignee_id": "me"})
    assert sorted(error["pointer"] for error in answer.json()["errors"]) == ["assignee_id", "severity"]


async def test_the_next_page_is_at_the_public_url_whatever_the_host_header_says(
    client: httpx2.AsyncClient,
) -> None:
    for number in range(3):
        await client.post(f"{INCIDENTS}/", json={"title": f"Number {number}", "severity": "SEV-3"})
    params: dict[str, Any] = {"limit": 2, "status": ["open", "over"]}
    answer = await client.get(INCIDENTS, params=params, headers={"Host": "evil.example"})
    link = answer.headers["link"]
    assert link.startswith(f"<{ORIGIN}{INCIDENTS}?limit=2&status=open&status=over&cursor=")
    rest = await client.get(link.partition(">")[0].removeprefix("<"))
    assert [item["number"] for item in rest.json()["items"]] == [1]


async def test_the_cursor_of_another_list_is_refused(client: httpx2.AsyncClient) -> None:
    for name in ("a", "b"):
        await client.post("/api/v1/services", json={"name": name})
    cursor = (await client.get("/api/v1/services", params={"limit": 1})).json()["next"]
    answer = await client.get(INCIDENTS, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "cursor")
