"""The routes that a running Tocsin publishes, and a plausible request for each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tocsin.api import Api
from tocsin_runtime.settings import SERVICES

Schema = Mapping[str, Any]
NOBODY = str(UUID(int=0))
DEEPEST = 4
LIKELY: dict[str, Any] = {
    "service": "web",
    "services": ["web"],
    "email": "somebody@example.com",
    "user": "you@example.com",
    "participants": ["you@example.com"],
    "members": ["you@example.com"],
    "timezone": "Europe/Berlin",
    "time_zone": "Europe/Berlin",
    "channel": "email",
    "address": "somebody@example.com",
    "scopes": ["alerts:read"],
    "source": "generic",
    "severity": "SEV-3",
    "status": "investigating",
    "starts_at": "2099-12-01T00:00:00Z",
    "ends_at": "2099-12-02T00:00:00Z",
    "steps": [{"targets": [{"user": "you@example.com"}], "delay_seconds": 300}],
}
"""What a field of this name takes, where its type does not say."""


@dataclass(frozen=True)
class Operation:
    """One route. `path` leads to something that is there where the list before it has anything."""

    method: str
    path: str
    query: tuple[str, ...]
    body: Any


class Surface:
    """Reads what the services publish, with every right."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._found: dict[str, str] = {}

    def operations(self) -> Iterator[Operation]:
        """All routes of the API, those that remove last."""
        found = []
        for service in SERVICES:
            document = self._api.get(f"/api/v1/{service}/openapi.json")
            for path, methods in document["paths"].items():
                found += [
                    self._operation(method.upper(), path, operation, document)
                    for method, operation in methods.items()
                    if method in {"get", "post", "put", "patch", "delete"}
                ]
        yield from sorted(found, key=lambda operation: operation.method == "DELETE")

    def _operation(self, method: str, path: str, operation: Schema, document: Schema) -> Operation:
        parameters = [_resolved(parameter, document) for parameter in operation.get("parameters", [])]
        query = tuple(one["name"] for one in parameters if one["in"] == "query")
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        body = example(content["schema"], document) if content else None
        return Operation(method, self._filled(path), query, body)

    def _filled(self, path: str) -> str:
        filled = ""
        for part in path.strip("/").split("/"):
            filled += "/" + (self._first_of(filled) if part.startswith("{") else part)
        return filled

    def _first_of(self, path: str) -> str:
        if path not in self._found:
            answer = self._api.client.get(path)
            is_json = answer.is_success and "json" in answer.headers["content-type"]
            items = answer.json().get("items") if is_json else None
            self._found[path] = str(items[-1]["id"]) if items and "id" in items[-1] else NOBODY
        return self._found[path]


def example(schema: Schema, document: Schema, name: str = "", depth: int = 0) -> Any:
    """A value that the schema allows, as far as it tells."""
    schema = _resolved(schema, document)
    if name in LIKELY:
        return LIKELY[name]
    for given in ("default", "const"):
        if schema.get(given) is not None:
            return schema[given]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        parts = schema.get("properties", {}) if depth < DEEPEST else {}
        return {part: example(of, document, part, depth + 1) for part, of in parts.items()}
    if kind == "array":
        return [example(schema["items"], document, "", depth + 1)] if depth < DEEPEST else []
    simple = {"integer": schema.get("minimum", 1), "number": 1.0, "boolean": False}
    if kind in simple:
        return simple[kind]
    return {"uuid": NOBODY, "date-time": "2099-12-01T00:00:00Z"}.get(schema.get("format", ""), "x")


def _resolved(schema: Schema, document: Schema) -> Schema:
    while True:
        if "$ref" in schema:
            _, kind, name = schema["$ref"].rsplit("/", 2)
            schema = document["components"][kind][name]
        elif "anyOf" in schema:
            schema = schema["anyOf"][0]
        else:
            return schema
