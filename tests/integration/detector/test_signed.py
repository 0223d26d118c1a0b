"""Signed bodies that come packed (S5)."""

import gzip
from datetime import UTC, datetime

import pytest

from tests.integration.detector.house import House
from tocsin_detector.domain.signature import signature_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize("signs", ["what is sent", "what is packed", "something else"])
async def test_a_packed_body_may_be_signed_as_it_is_sent(house: House, signs: str) -> None:
    key, body, now = await house.key(secret=SECRET), b'{"title": "a"}', datetime.now(UTC)
    packed = gzip.compress(body)
    signed = {"what is sent": packed, "what is packed": body}.get(signs, b"{}")
    headers = {
        "content_encoding": "gzip",
        "webhook_id": "msg_1",
        "webhook_timestamp": str(int(now.timestamp())),
        "webhook_signature": signature_of(signed, "msg_1", str(int(now.timestamp())), SECRET),
    }

    answer = await house.send(key, content=packed, **headers)

    assert answer.status_code == (401 if signs == "something else" else 202)
    if answer.status_code == 202:
        kept = await house.api.get(f"/api/v1/deliveries/{answer.json()['delivery_id']}/body")
        assert kept.content == body
