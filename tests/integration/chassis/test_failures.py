"""What fails inside is logged, without what the path of the request may hold at its end."""

import re
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from structlog.testing import capture_logs

from tocsin_chassis.routing import ServiceRoute


async def test_what_a_caller_did_wrong_is_not_counted_as_our_failure(
    client: httpx2.AsyncClient, app: FastAPI
) -> None:
    """Alarms are about 5xx: one of them for every id that is not there would be no alarm."""
    routes = [context.original_route for context in iter_route_contexts(app.routes)]
    ours = [route for route in routes if isinstance(route, ServiceRoute) and "{" in route.path]
    asked = [route for route in ours if "GET" in (route.methods or ())]
    for route in asked:
        await client.get(re.sub(r"{[^}]*}", str(UUID(int=0)), route.path))
    counted = re.findall(
        r'http_request_seconds_count{method="GET",route="([^"]*)",status="(\w+)"}',
        (await client.get("/metrics")).text,
    )
    assert asked
    assert {route.path for route in asked} <= {path for path, _ in counted}
    assert "5xx" not in {status for _, status in counted}


async def test_of_the_path_of_a_request_that_failed_the_beginning_is_logged(
    client: httpx2.AsyncClient, app: FastAPI
) -> None:
    async def fail(token: str) -> None:
        raise KeyError("a mistake of ours")

    app.add_api_route("/broken/{token}", fail)
    with (
        capture_logs() as lines,
        pytest.raises(KeyError),
    ):  # the transport of the tests raises what the app answers
        await client.get("/broken/s3cret")
    [line] = [line for line in lines if line["event"] == "request.failed"]
    assert line["place"] == "/broken"
    assert "s3cret" not in repr(line)
