"""What fails inside is logged, without what the path of the request may hold at its end."""

import httpx2
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs


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
