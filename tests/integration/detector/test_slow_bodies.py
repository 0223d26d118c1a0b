"""A body that does not come: its sender is told so before its connection is cut, and its owner sees it (R5)."""

import asyncio
from urllib.parse import urlsplit

import pytest

from tests.integration.detector.house import house_of
from tests.integration.detector.served import served
from tocsin_detector.app import create_app
from tocsin_detector.settings import DetectorSettings
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.deadlines import BODY_DEADLINE
from tocsin_testkit.apps import build_app, running


@pytest.mark.parametrize("begun", [b"", b'{"title"'])
async def test_who_does_not_send_the_body_is_told_and_it_is_kept(
    begun: bytes, database_url: str, clock: ManualClock
) -> None:
    app = build_app(create_app, DetectorSettings, database_url, clock, body_seconds=0.5)
    async with running(app) as senders, served(app) as origin:
        house = house_of(app, senders)
        key = await house.key()
        head = (
            f"POST /api/v1/webhooks/generic/{key} HTTP/1.1\r\nHost: t\r\nContent-Length: 20\r\n"
            "Content-Type: application/json\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(origin).port)
        writer.write(head.encode() + begun)
        async with asyncio.timeout(BODY_DEADLINE - 1):
            answer = await reader.read()
        writer.close()

        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"Send the whole body within 0.5 seconds." in answer
        (line,) = await house.deliveries()
        assert (line["verdict"], line["body_missing"]) == ("rejected", "it did not come in time")
        await house.api.aclose()


def test_a_sender_is_told_before_the_server_cuts_the_connection() -> None:
    """The longest that may be set leaves a second for the answer."""
    assert DetectorSettings().body_seconds <= 9 <= BODY_DEADLINE - 1
    for refused in (9.1, 10, 0):
        with pytest.raises(ValueError, match="body_seconds"):
            DetectorSettings(body_seconds=refused)
