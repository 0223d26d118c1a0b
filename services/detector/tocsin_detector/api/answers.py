"""Answers of the accept road: finished bytes, since this road does not go through FastAPI."""

from collections.abc import Mapping, Sequence
from random import randint

import msgspec
from starlette.types import Send

from tocsin_detector.domain.signal import Fault
from tocsin_detector.usecases.accept import Receipt, Rejection
from tocsin_runtime.errors import Code, problem_body

_JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", b"application/problem+json")
_CLOSE = (b"connection", b"close")
_INVALID = {"status": "invalid event", "message": "Event object is invalid"}
_UNAVAILABLE = {"status": "unavailable", "message": "Try again shortly"}
_encode = msgspec.json.Encoder().encode
Headers = tuple[tuple[bytes, bytes], ...]


class Answer(msgspec.Struct, frozen=True):
    """A whole answer. `outcome` is its name in the figures."""

    status: int
    body: bytes
    headers: Headers
    outcome: str

    @property
    def says(self) -> str:
        """What a problem says, in one line."""
        said = msgspec.json.decode(self.body)
        return f"{Code(said['code']).words}: {said['detail']}"

    async def send(self, send: Send) -> None:
        """Put it on the wire."""
        length = (b"content-length", b"%d" % len(self.body))
        await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers, length]})
        await send({"type": "http.response.body", "body": self.body})


def accepted(receipt: Receipt) -> Answer:
    """202: what was sent is durable."""
    return Answer(202, _encode(receipt), (_JSON,), "duplicate" if receipt.duplicate else "accepted")


def alertmanager_accepted(receipt: Receipt) -> Answer:
    """200 without a body, as Alertmanager answers; amtool takes nothing else for success.

    Alertmanager stores the good alerts of a post, and answers 400 with what is wrong with the others.
    """
    outcome = "duplicate" if receipt.duplicate else "accepted"
    if not receipt.errors:
        return Answer(200, b"", (_JSON,), outcome)
    why = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in receipt.errors)
    said = f"Stored: {receipt.accepted}, left out: {receipt.ignored}. {why}"
    return Answer(400, _encode(said), (_JSON,), outcome)


def as_alertmanager(answer: Answer) -> Answer:
    """An error as Alertmanager gives it: one JSON string, and 400 for a wrong form; its clients read nothing else."""
    if answer.status < 400:
        return answer
    status = 400 if answer.status == 422 else answer.status
    return Answer(status, _encode(answer.says), _as_json(answer.headers), answer.outcome)


def pagerduty_accepted(receipt: Receipt) -> Answer:
    """202 as PagerDuty answers."""
    key = receipt.dedup_keys[0] if receipt.dedup_keys else ""
    body = _encode({"status": "success", "message": "Event processed", "dedup_key": key})
    return Answer(202, body, (_JSON,), "duplicate" if receipt.duplicate else "accepted")


def as_pagerduty(answer: Answer) -> Answer:
    """A problem as PagerDuty would tell it; what has its form already stays."""
    if _PROBLEM not in answer.headers:
        return answer
    body = _UNAVAILABLE if answer.status >= 500 else _INVALID
    said = _encode({**body, "errors": [answer.says]})
    return Answer(answer.status, said, _as_json(answer.headers), answer.outcome)


def pagerduty_refused(errors: Sequence[str], *, status: int = 400, outcome: str = "rejected") -> Answer:
    """PagerDuty's error object."""
    return Answer(status, _encode({**_INVALID, "errors": list(errors)}), (_JSON,), outcome)


def _as_json(headers: Headers) -> Headers:
    return (_JSON, *(header for header in headers if header != _PROBLEM))


def problem(
    status: int,
    code: Code,
    detail: str,
    *,
    outcome: str,
    faults: Sequence[Fault] = (),
    headers: Mapping[bytes, bytes] | None = None,
) -> Answer:
    """RFC 9457 problem details."""
    body = problem_body(status, code, detail)
    if faults:
        body["errors"] = [{"pointer": fault.pointer, "detail": fault.detail} for fault in faults]
    return Answer(status, _encode(body), (_PROBLEM, *(headers or {}).items()), outcome)


def rejected(rejection: Rejection) -> Answer:
    """What was kept, but is no alert."""
    return problem(
        rejection.status, rejection.code, rejection.detail, outcome="rejected", faults=rejection.faults
    )


def come_again(detail: str, *, outcome: str) -> Answer:
    """503 with Retry-After of 5 to 30 s, so that not all come at once; never 429, which senders do not retry (R3)."""
    return problem(
        503, Code.UNAVAILABLE, detail, outcome=outcome, headers={b"retry-after": b"%d" % randint(5, 30)}
    )


def too_large(detail: str) -> Answer:
    """413; the connection closes, for the rest of the body is not read."""
    return problem(413, Code.TOO_LARGE, detail, outcome="too_large", headers=dict([_CLOSE]))


def too_slow(detail: str) -> Answer:
    """408; the connection closes, for the rest of the body is not waited for."""
    return problem(408, Code.TOO_SLOW, detail, outcome="too_slow", headers=dict([_CLOSE]))


UNAUTHORIZED = problem(
    401,
    Code.NO_VALID_KEY,
    "Send the integration's key: last in the path, as `Authorization: Bearer`, as `X-Tocsin-Key`, or as the password of"
    " HTTP Basic.",
    outcome="unauthorized",
    headers={b"www-authenticate": b'Bearer realm="tocsin"'},
)
BAD_SIGNATURE = problem(
    401,
    Code.BAD_SIGNATURE,
    "This integration has a secret: sign each body with it by Standard Webhooks (webhook-id, webhook-timestamp,"
    " webhook-signature), within five minutes.",
    outcome="bad_signature",
)
OTHER_SOURCE = problem(
    403,
    Code.KEY_OF_ANOTHER_SOURCE,
    "The key is valid, but belongs to an integration of another source. Use the URL that the integration shows.",
    outcome="other_source",
)
KEY_IN_QUERY = problem(
    400,
    Code.KEY_IN_QUERY,
    "Query strings end up in logs. Send the key last in the path, as `Authorization: Bearer`, as `X-Tocsin-Key`, or as"
    " the password of HTTP Basic; and rotate this one.",
    outcome="key_in_query",
)
UNKNOWN_SOURCE = problem(
    404,
    Code.UNKNOWN_SOURCE,
    "The path is /api/v1/webhooks/{source}/{key} with source alertmanager or generic.",
    outcome="unknown_source",
)
NOT_POST = problem(
    405, Code.METHOD_NOT_ALLOWED, "Send alerts by POST.", outcome="method", headers={b"allow": b"POST"}
)
NOT_JSON_TYPE = problem(
    415,
    Code.NOT_JSON_TYPE,
    "Send JSON, with `Content-Type: application/json`; forms, XML and HTML are not read.",
    outcome="content_type",
)
UNKNOWN_ENCODING = problem(
    415,
    Code.UNSUPPORTED_ENCODING,
    "Send the body plain, or with `Content-Encoding: gzip`.",
    outcome="content_type",
    headers={b"accept-encoding": b"gzip, identity"},
)
