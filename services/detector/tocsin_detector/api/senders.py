"""What a sender shows: the way it takes, its key, its own id of the delivery, its signature."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from tocsin_detector.api import answers
from tocsin_detector.api.answers import Answer
from tocsin_detector.domain.content_type import may_hold_json
from tocsin_detector.domain.integration import Road
from tocsin_detector.domain.signature import Signed
from tocsin_detector.usecases.accept import Post
from tocsin_runtime.clock import process_now
from tocsin_runtime.tracing import valid_traceparent

_WEBHOOKS = "/api/v1/webhooks/"
_ALERTMANAGER = "/alertmanager/"
_BY_SOURCE = {"alertmanager": Road.ALERTMANAGER, "generic": Road.GENERIC}
_KEY_NAMES = frozenset({
    "key", "token", "api_key", "apikey", "api-key", "access_token", "auth_token", "authorization", "auth", "tocsin_key",
    "x-tocsin-key", "routing_key", "integration_key", "secret", "password",
})  # fmt: skip
_LONGEST_ID = 200
_SIGNATURE = (b"webhook-id", b"webhook-timestamp", b"webhook-signature")


class Visit(msgspec.Struct, frozen=True):
    """A post of alerts. `refusal` is set when it need not be looked at further; `label` is its name in the figures."""

    road: Road | None
    label: str
    key: str
    headers: dict[bytes, bytes]
    refusal: Answer | None = None


def visit_of(scope: Mapping[str, Any]) -> Visit | None:
    """The post, or None when the request is for FastAPI."""
    path: str = scope["path"]
    if path.startswith(_WEBHOOKS):
        road, key = _way(path)
        return _visit(
            scope, road, key, None if road is not None and "/" not in key else answers.UNKNOWN_SOURCE
        )
    if path.startswith(_ALERTMANAGER):
        is_alerts = path.rstrip("/").endswith("/api/v2/alerts")
        if not is_alerts or scope["method"] in ("GET", "HEAD"):
            return None
        middle = path[len(_ALERTMANAGER) :].rstrip("/").removesuffix("api/v2/alerts").strip("/")
        prefix, _, key = middle.partition("/")
        if middle and (prefix != "k" or not key or "/" in key):
            return None
        return _visit(scope, Road.ALERTMANAGER_API, key, None)
    if path.rstrip("/") == "/v2/enqueue":
        return _visit(scope, Road.PAGERDUTY, "", None)
    return None


@lru_cache(maxsize=1024)
def _way(path: str) -> tuple[Road | None, str]:
    """The source and the key in the path of a webhook: a sender's is the same each time."""
    source, _, key = path[len(_WEBHOOKS) :].strip("/").partition("/")
    return _BY_SOURCE.get(source), key


def _visit(scope: Mapping[str, Any], road: Road | None, key: str, refusal: Answer | None) -> Visit:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    if scope["method"] != "POST":
        refusal = answers.NOT_POST
    elif refusal is None and scope["query_string"] and _names_a_key(scope["query_string"]):
        refusal = answers.KEY_IN_QUERY
    elif refusal is None:
        refusal = _refused_type(headers)
    return Visit(road, road.value if road else "unknown", key, headers, refusal)


def _names_a_key(query: bytes) -> bool:
    return any(
        name.lower() in _KEY_NAMES for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    )


def _refused_type(headers: dict[bytes, bytes]) -> Answer | None:
    kind = headers.get(b"content-type")
    if kind is not None and kind != b"application/json" and not may_hold_json(kind.decode("latin-1")):
        return answers.NOT_JSON_TYPE
    encoding = headers.get(b"content-encoding")
    if encoding is not None and encoding.strip().lower() not in (b"", b"gzip", b"x-gzip", b"identity"):
        return answers.UNKNOWN_ENCODING
    return None


def is_packed(visit: Visit) -> bool:
    """Whether the body comes as gzip."""
    return visit.headers.get(b"content-encoding", b"").strip().lower() in (b"gzip", b"x-gzip")


def credentials(visit: Visit) -> str:
    """The key that the sender shows, empty without one: the path's, else X-Tocsin-Key, else Authorization's."""
    return visit.key or key_of(visit.headers)


def key_of(headers: Mapping[bytes, bytes]) -> str:
    """The key in the headers, empty without one."""
    shown = headers.get(b"x-tocsin-key")
    if shown is not None:
        return shown.decode("latin-1").strip()
    scheme, _, rest = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.decode("latin-1").strip()
    if scheme.lower() == b"basic":
        return _password(rest.strip())
    return ""


def _password(packed: bytes) -> str:
    try:
        return b64decode(packed, validate=True).partition(b":")[2].decode("latin-1")
    except (ValueError, NotBase64):
        return ""


def sender_id(visit: Visit) -> tuple[str | None, bool]:
    """The sender's own id of the delivery, and whether another body under it is an error (Idempotency-Key)."""
    shown = visit.headers.get(b"idempotency-key")
    if shown is not None and shown.strip():
        return "idempotency-key:" + _short(shown.strip().strip(b'"')), True
    shown = visit.headers.get(b"webhook-id")
    if shown is not None and shown.strip():
        return "webhook-id:" + _short(shown.strip()), False
    return None, False


def _short(shown: bytes) -> str:
    if len(shown) > _LONGEST_ID:
        return sha256(shown).hexdigest()
    return shown.decode("latin-1").replace("\x00", "")


def post_of(visit: Visit, body: bytes) -> Post:
    """The body and how it came."""
    assert visit.road is not None, "an unknown source is refused before its body is read"
    name, strict = sender_id(visit)
    shown = visit.headers.get(b"traceparent")
    trace = valid_traceparent(shown.decode("latin-1")) if shown is not None else None
    return Post(visit.road, body, _content_type(visit), sender_id=name, strict=strict, traceparent=trace)


def _content_type(visit: Visit) -> str | None:
    kind = visit.headers.get(b"content-type")
    if kind == b"application/json":  # nearly always
        return "application/json"
    return kind.decode("latin-1").replace("\x00", "")[:100] if kind else None


def signature_matches(visit: Visit, body: bytes, secret: str, *, packed: bytes | None = None) -> bool:
    """Whether the body is signed with the secret by Standard Webhooks, at most five minutes ago or ahead.

    What is signed is what is sent: of a packed body, the packed bytes. A signature over what was packed is good too: it
    vouches for the alert as well, and is all that a sender can give which leaves the packing to its HTTP client.
    """
    shown = (visit.headers.get(name, b"").decode("latin-1") for name in _SIGNATURE)
    signed, now = Signed(*shown), process_now()
    return any(signed.fits(one, secret, now) for one in (packed, body) if one is not None)
