"""Errors as the caller of an API sees them: RFC 9457 problem details."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

PROBLEM_JSON = "application/problem+json"


class Code(StrEnum):
    """The kinds of errors, for programs to tell apart. A code never changes its meaning; docs/api.md tells them all."""

    BAD_REQUEST = "bad_request"
    NOT_JSON = "not_json"
    NOT_GZIP = "not_gzip"
    NESTED_TOO_DEEPLY = "nested_too_deeply"
    TOO_MANY_MEMBERS = "too_many_members"
    KEY_IN_QUERY = "key_in_query"
    BAD_FILTER = "bad_filter"
    BAD_IDEMPOTENCY_KEY = "bad_idempotency_key"
    NOT_AUTHENTICATED = "not_authenticated"
    NO_VALID_KEY = "no_valid_key"
    BAD_SIGNATURE = "bad_signature"
    NOT_ALLOWED = "not_allowed"
    INTEGRATION_KEY = "integration_key"
    KEY_OF_ANOTHER_SOURCE = "key_of_another_source"
    FORM_EXPIRED = "form_expired"
    NOT_FOUND = "not_found"
    UNKNOWN_SOURCE = "unknown_source"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TOO_SLOW = "too_slow"
    CONFLICT = "conflict"
    NAME_TAKEN = "name_taken"
    WRONG_STATE = "wrong_state"
    BODY_NOT_KEPT = "body_not_kept"
    IN_PROGRESS = "in_progress"
    SHOWN_BEFORE = "shown_before"
    GONE = "gone"
    CHANGED_MEANWHILE = "changed_meanwhile"
    TOO_LARGE = "too_large"
    TOO_MANY_ALERTS = "too_many_alerts"
    NOT_JSON_TYPE = "not_json_type"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    INVALID_REQUEST = "invalid_request"
    UNKNOWN_PARAMETER = "unknown_parameter"
    BAD_CURSOR = "bad_cursor"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    WRONG_FORM = "wrong_form"
    CANNOT_BE_STORED = "cannot_be_stored"
    INTERNAL_ERROR = "internal_error"
    UNAVAILABLE = "unavailable"

    @property
    def words(self) -> str:
        """The same for people: the heading of a page, the reason why something was not taken."""
        return _WORDS.get(self) or self.value.replace("_", " ").capitalize()


_WORDS: Final = {
    Code.NOT_JSON: "Not JSON",
    Code.KEY_IN_QUERY: "Key in the query string",
    Code.BAD_IDEMPOTENCY_KEY: "Bad Idempotency-Key",
    Code.BAD_SIGNATURE: "Signature does not match",
    Code.TOO_SLOW: "Body came too slowly",
    Code.TOO_LARGE: "Body too large",
    Code.NOT_JSON_TYPE: "Not a JSON content type",
    Code.IDEMPOTENCY_KEY_REUSED: "Idempotency-Key used before",
    Code.WRONG_FORM: "Not of this source's form",
    Code.CANNOT_BE_STORED: "Body cannot be stored",
}
PLAIN: Final[Mapping[int, Code]] = {
    400: Code.BAD_REQUEST,
    401: Code.NOT_AUTHENTICATED,
    403: Code.NOT_ALLOWED,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    409: Code.CONFLICT,
    410: Code.GONE,
    413: Code.TOO_LARGE,
    415: Code.NOT_JSON_TYPE,
    422: Code.INVALID_REQUEST,
    503: Code.UNAVAILABLE,
}
"""What a status means when nothing more is known."""
_NEWER_PHRASES: Final = {413: "Content Too Large", 422: "Unprocessable Content"}
"""Of RFC 9110; older Pythons have those of the RFC before."""


def plain_code(status: int) -> Code:
    """The code of an error of which only the status is known."""
    return PLAIN.get(status, Code.INTERNAL_ERROR if status >= 500 else Code.BAD_REQUEST)


def title_of(status: int) -> str:
    """The status in words: what RFC 9457 asks of the title of a problem without a type of its own."""
    return _NEWER_PHRASES.get(status) or HTTPStatus(status).phrase


def problem_body(status: int, code: Code, detail: str) -> dict[str, object]:
    """The members that every problem has."""
    return {
        "type": "about:blank",
        "title": title_of(status),
        "status": status,
        "code": code.value,
        "detail": detail,
    }


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with a body. `pointer` is a JSON pointer, or the parameter's name."""

    pointer: str
    detail: str


class Problem(Exception):
    """Ends a request with `application/problem+json`. `detail` says what the caller can do about it."""

    detail_for_people = ""
    """What a page says in place of `detail`; empty where that does for people, too."""

    def __init__(
        self,
        status: int,
        code: Code,
        detail: str,
        *,
        errors: list[FieldError] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors or []
        self.headers = headers or {}

    def body(self, *, instance: str | None = None) -> dict[str, object]:
        """The JSON object of RFC 9457, with `code`, and with `errors` when there are any."""
        body = problem_body(self.status, self.code, self.detail)
        if instance:
            body["instance"] = instance
        if self.errors:
            body["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in self.errors]
        return body
