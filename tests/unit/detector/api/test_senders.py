"""What a sender shows: its way, its key, its own id, its signature."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from tocsin_detector.api import answers
from tocsin_detector.api.senders import Visit, credentials, sender_id, signature_matches, visit_of
from tocsin_detector.domain.integration import Road

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"title": "a"}'


def scope(
    path: str, method: str = "POST", *, query: bytes = b"", headers: dict[str, str] | None = None
) -> dict[str, Any]:
    shown = [(name.replace("_", "-").encode(), value.encode()) for name, value in (headers or {}).items()]
    return {"type": "http", "path": path, "method": method, "query_string": query, "headers": shown}


def visit(path: str = "/api/v1/webhooks/generic", **headers: str) -> Visit:
    found = visit_of(scope(path, headers=headers))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "road", "key"),
    [
        ("/api/v1/webhooks/generic/k", Road.GENERIC, "k"),
        ("/api/v1/webhooks/generic/k/", Road.GENERIC, "k"),
        ("/api/v1/webhooks/alertmanager", Road.ALERTMANAGER, ""),
        ("/alertmanager/api/v2/alerts", Road.ALERTMANAGER_API, ""),
        ("/alertmanager/k/secret/api/v2/alerts", Road.ALERTMANAGER_API, "secret"),
        ("/alertmanager/k/secret/api/v2/alerts/", Road.ALERTMANAGER_API, "secret"),
        ("/alertmanager//api/v2/alerts", Road.ALERTMANAGER_API, ""),
        ("/api/v1/webhooks/alertmanager/", Road.ALERTMANAGER, ""),
        ("/v2/enqueue", Road.PAGERDUTY, ""),
        ("/v2/enqueue/", Road.PAGERDUTY, ""),
    ],
)
def test_ways(path: str, road: Road, key: str) -> None:
    found = visit(path)

    assert (found.road, found.key, found.refusal) == (road, key, None)


@pytest.mark.parametrize(
    "path", ["/alertmanager/api/v2/status", "/alertmanager/x/y/api/v2/alerts", "/v2/enqueued", "/v2/alerts"]
)
def test_other_paths_are_for_fastapi(path: str) -> None:
    assert visit_of(scope(path)) is None


def test_reading_alerts_is_for_fastapi() -> None:
    assert visit_of(scope("/alertmanager/api/v2/alerts", "GET")) is None


@pytest.mark.parametrize(
    "path", ["/api/v1/webhooks/nagios/k", "/api/v1/webhooks/", "/api/v1/webhooks/generic/a/b"]
)
def test_unknown_sources(path: str) -> None:
    assert visit(path).refusal is answers.UNKNOWN_SOURCE


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods(method: str) -> None:
    found = visit_of(scope("/api/v1/webhooks/generic/k", method))

    assert found is not None
    assert found.refusal is answers.NOT_POST


@pytest.mark.parametrize("query", [b"key=x", b"a=b&Token=x", b"api_key", b"routing_key=1"])
def test_keys_in_the_query_string(query: bytes) -> None:
    found = visit_of(scope("/api/v1/webhooks/generic", query=query))

    assert found is not None
    assert found.refusal is answers.KEY_IN_QUERY


def test_other_query_strings_do_not_matter() -> None:
    found = visit_of(scope("/api/v1/webhooks/generic/k", query=b"env=prod"))

    assert found is not None
    assert found.refusal is None


@pytest.mark.parametrize(
    ("kind", "good"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/cloudevents+json", True),
        ("", True),
        ("text/plain", True),
        ("text/plain; charset=utf-8", True),
        ("application/x-www-form-urlencoded", True),
        ("application/octet-stream", True),
        ("multipart/form-data; boundary=x", False),
        ("application/xml", False),
        ("text/html", False),
    ],
)
def test_content_types(kind: str, good: bool) -> None:
    assert (visit(content_type=kind).refusal is None) is good


def test_content_encodings() -> None:
    assert visit(content_encoding="GZIP").refusal is None
    assert visit(content_encoding="br").refusal is answers.UNKNOWN_ENCODING


def test_the_key_may_come_in_four_ways() -> None:
    basic = b64encode(b"anybody:k").decode()

    assert credentials(visit("/api/v1/webhooks/generic/k")) == "k"
    assert credentials(visit(x_tocsin_key=" k ")) == "k"
    assert credentials(visit(authorization="bearer k")) == "k"
    assert credentials(visit(authorization=f"Basic {basic}")) == "k"
    assert credentials(visit()) == ""
    assert credentials(visit(authorization="Basic !!!")) == ""
    assert credentials(visit(authorization="Digest x")) == ""


def test_the_senders_own_id() -> None:
    assert sender_id(visit(idempotency_key='"a b"')) == ("idempotency-key:a b", True)
    assert sender_id(visit(webhook_id="msg_1")) == ("webhook-id:msg_1", False)
    assert sender_id(visit(webhook_id="  ")) == (None, False)
    long, other = sender_id(visit(webhook_id="x" * 500))[0], sender_id(visit(webhook_id="x" * 501))[0]
    assert long is not None
    assert other is not None
    assert len(long) < 100
    assert long != other


def signed(at: datetime, body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    signature = Webhook(secret).sign("msg_1", at, body.decode())
    return {
        "webhook_id": "msg_1",
        "webhook_timestamp": str(int(at.timestamp())),
        "webhook_signature": signature,
    }


def test_a_signature_is_of_this_body_by_this_secret_now() -> None:
    """S4, S5: of the bytes as they came, 300 s of clock either way."""
    now = datetime.now(UTC)
    other = "whsec_" + b64encode(b"0" * 24).decode()

    assert signature_matches(visit(**signed(now)), BODY, SECRET)
    assert not signature_matches(visit(**signed(now)), BODY.replace(b"a", b"b"), SECRET)
    assert not signature_matches(visit(**signed(now, secret=other)), BODY, SECRET)
    assert not signature_matches(visit(**signed(now - timedelta(seconds=301))), BODY, SECRET)
    assert not signature_matches(visit(**signed(now + timedelta(seconds=303))), BODY, SECRET)


def test_one_of_several_signatures_is_enough() -> None:
    """S7: while a secret is being changed, senders sign with both."""
    headers = signed(datetime.now(UTC))
    headers["webhook_signature"] = f"v1,{b64encode(b'0' * 32).decode()} {headers['webhook_signature']}"

    assert signature_matches(visit(**headers), BODY, SECRET)


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook_signature": ""},
        {"webhook_signature": "nonsense"},
        {"webhook_signature": "v1,%%%"},
        {"webhook_timestamp": "now"},
        {"webhook_timestamp": "nan"},
        {"webhook_timestamp": "1e999"},
        {"webhook_timestamp": "9" * 400},
        {"webhook_timestamp": "\xb2"},
        {"webhook_signature": "v1,\xe4"},
        {"webhook_id": ""},
    ],
)
def test_hostile_signature_headers(changes: dict[str, str]) -> None:
    assert not signature_matches(visit(**{**signed(datetime.now(UTC)), **changes}), BODY, SECRET)


def test_a_body_that_is_no_text_is_not_signed() -> None:
    assert not signature_matches(visit(**signed(datetime.now(UTC))), b"\xff\xfe", SECRET)
