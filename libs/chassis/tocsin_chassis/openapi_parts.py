"""What the OpenAPI documents of all services share, as constants: the problem, the errors, the token, the key."""

from typing import Any, Final

from tocsin_runtime.errors import PROBLEM_JSON, Code

Json = dict[str, Any]
PROBLEM: Final[Json] = {
    "title": "Problem",
    "description": "Why a request was not done, and what to do about it (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "examples": ["about:blank"]},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer", "description": "The status of the answer."},
        "code": {
            "type": "string",
            "description": "The kind of error, for programs. A code keeps its meaning; more may be added.",
            "examples": [code.value for code in Code],
        },
        "detail": {"type": "string", "description": "What was wrong, and what to do, for a person to read."},
        "instance": {"type": "string", "format": "uri-reference", "description": "The path that was asked."},
        "errors": {
            "type": "array",
            "description": "Each thing that is wrong with the body or the parameters.",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "A JSON pointer into the body, or the name of a parameter.",
                        "examples": ["/title", "cursor"],
                    },
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
ERRORS: Final = {
    "400": "The body is not JSON, or the Idempotency-Key is not valid.",
    "401": "No token, or one that is unknown, revoked or expired.",
    "403": "The token lacks the scope.",
    "404": "There is no such thing.",
    "409": "In conflict with what is there: a name is taken, the state does not allow it, or a request with the same"
    " Idempotency-Key is running or has shown its secret.",
    "412": "Somebody else has changed it: If-Match names another version. The answer's ETag is that of today.",
    "413": "The body is too large.",
    "415": "The body is not JSON, or compressed.",
    "422": "A parameter or a field is unknown or wrong; `errors` says which.",
    "503": "The database is busy or away. Nothing was changed; try again after as many seconds as Retry-After says.",
    "default": "Any other error.",
}
_HEADERS: Final[dict[str, Json]] = {
    "401": {"WWW-Authenticate": {"schema": {"type": "string"}}},
    "412": {"ETag": {"schema": {"type": "string"}}},
    "503": {"Retry-After": {"schema": {"type": "integer"}}},
}
TOKEN: Final[Json] = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "tcs_…",
    "description": "An API token, made by `tocsin token create` or POST /api/v1/tokens. Each operation names the scope"
    " that the token must hold; `*` holds all.",
}
IDEMPOTENCY_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Best a UUID. For a day the same key with the same body gives the same answer and does nothing more."
    " An answer that showed a secret is not kept: the repeat is a 409 whose Location names what was made.",
}
ONE_STRING: Final[Json] = {
    "description": "An error as Alertmanager gives it: one string.",
    "content": {"application/json": {"schema": {"type": "string"}}},
}


def error_response(status: str) -> Json:
    """The response of an error, as a component that operations refer to."""
    response: Json = {
        "description": ERRORS[status],
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    return {**response, "headers": _HEADERS[status]} if status in _HEADERS else response
