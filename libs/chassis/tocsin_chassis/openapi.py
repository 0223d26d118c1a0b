"""The OpenAPI document, made true: errors as they are answered, the bearer token, and the headers that act.

FastAPI knows of none of these. What a service answers ahead of FastAPI it describes by hand, next to that road.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fastapi import FastAPI

from tocsin_access.routes import RouteRule, route_table
from tocsin_chassis.openapi_parts import ERRORS, IDEMPOTENCY_KEY, ONE_STRING, PROBLEM, TOKEN, error_response
from tocsin_chassis.parameters import STRICT

Json = dict[str, Any]
_METHODS = ("get", "put", "post", "delete", "patch")
_CHANGES = ("put", "post", "patch")
_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


@dataclass(frozen=True)
class Described:
    """Paths that FastAPI does not know, in OpenAPI's own words, with the components that they refer to.

    `instead` are security requirements of routes that ask no token, unless a key stands in their path.
    """

    paths: Mapping[str, Json] = field(default_factory=dict)
    schemas: Mapping[str, Json] = field(default_factory=dict)
    security_schemes: Mapping[str, Json] = field(default_factory=dict)
    instead: Sequence[Json] = ()


NOTHING_ELSE = Described()


def document_of(app: FastAPI, described: Described) -> Callable[[], Json]:
    """What `app.openapi` shall be."""

    @cache
    def document() -> Json:
        made: Json = deepcopy(FastAPI.openapi(app))
        rules = {(rule.method.lower(), rule.path): rule for rule in route_table(app.routes)}
        for path, method, operation in _operations(made):
            rule = rules[method, path]
            operation["security"] = _security(rule, [] if "{key}" in path else list(described.instead))
            _complete(operation, path=path, method=method, is_guarded=rule.needs_scope)
        _add_components(made.setdefault("components", {}), described)
        for path, item in described.paths.items():
            made["paths"].setdefault(path, {}).update(deepcopy(item))
        return made

    return document


def _operations(document: Json) -> Iterable[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _add_components(components: Json, described: Described) -> None:
    schemas = components.setdefault("schemas", {})
    for name in _FASTAPIS_OWN:
        schemas.pop(name, None)
    schemas |= {"Problem": PROBLEM, **described.schemas}
    components["responses"] = {name: error_response(name) for name in ERRORS}
    components["parameters"] = {"IdempotencyKey": IDEMPOTENCY_KEY}
    components["securitySchemes"] = {"token": TOKEN, **described.security_schemes}


def _complete(operation: Json, *, path: str, method: str, is_guarded: bool) -> None:
    if not path.startswith(STRICT):
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = ONE_STRING
        return
    if method == "post":
        operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IdempotencyKey"})
    for status in _statuses(operation, path=path, method=method, is_guarded=is_guarded):
        operation["responses"][status] = {"$ref": f"#/components/responses/{status}"}


def _security(rule: RouteRule, instead: list[Json]) -> list[Json]:
    """The scope that the token must hold."""
    return [{"token": [rule.rule]}] if rule.needs_scope else instead


def _statuses(operation: Json, *, path: str, method: str, is_guarded: bool) -> Iterable[str]:
    """The errors that can occur; those that a route declares itself are among its responses already."""
    can_occur = {
        "400": "requestBody" in operation or method == "post",
        "401": is_guarded,
        "403": is_guarded,
        "404": "{" in path or "404" in operation["responses"],
        "409": method in _CHANGES or "409" in operation["responses"],
        "412": any(p.get("name") == "If-Match" for p in operation.get("parameters", ())),
        "413": "requestBody" in operation,
        "415": "requestBody" in operation,
        "422": True,
        "503": True,
        "default": True,
    }
    return (status for status, can in can_occur.items() if can)
