"""Errors as the caller of an API sees them: RFC 9457 problem details."""

from dataclasses import dataclass

PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with a body. `pointer` is a JSON pointer, or the parameter's name."""

    pointer: str
    detail: str


class Problem(Exception):
    """Ends a request with `application/problem+json`. `detail` says what the caller can do about it."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        kind: str = "about:blank",
        errors: list[FieldError] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.kind = kind
        self.errors = errors or []
        self.headers = headers or {}

    def body(self, *, instance: str | None = None) -> dict[str, object]:
        """The JSON object of RFC 9457, with `errors` when there are any."""
        body: dict[str, object] = {
            "type": self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if instance:
            body["instance"] = instance
        if self.errors:
            body["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in self.errors]
        return body
