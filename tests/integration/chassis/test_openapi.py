"""The published OpenAPI says what is true: whom an operation asks for what, and which errors come in which form."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from tocsin_access.roles import SCOPES
from tocsin_runtime.errors import Code, title_of

PLACE = re.compile(r"\{[^}]+\}")
METHODS = ("get", "put", "post", "delete", "patch")
Json = dict[str, Any]


@pytest.fixture
def document(app: FastAPI) -> Json:
    return app.openapi()


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert method in METHODS
            yield path, method, operation


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def resolved(document: Json, part: Json) -> Json:
    found = document
    for name in part.get("$ref", "#").split("/")[1:]:
        found = found[name]
    return found if "$ref" in part else part


def documented(document: Json, operation: Json, status: int) -> Json:
    """What an operation says of a status; its `default` for what it does not name."""
    responses = operation["responses"]
    return resolved(document, responses.get(str(status), responses.get("default", {})))


def test_every_reference_leads_somewhere(document: Json) -> None:
    found = set(references(document))
    assert found
    for reference in found:
        assert resolved(document, {"$ref": reference})


def test_operations_have_names_of_their_own(document: Json) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))


def test_every_operation_says_what_a_token_needs(document: Json) -> None:
    for path, method, operation in operations(document):
        for requirement in operation["security"]:
            assert set(requirement) <= set(document["components"]["securitySchemes"])
            assert set(requirement.get("token", [])) <= SCOPES, (path, method)
        guarded = any("token" in requirement for requirement in operation["security"])
        assert guarded == (
            "401" in operation["responses"] and path.startswith("/api/v1/") and not is_road(path)
        )


def is_road(path: str) -> bool:
    return path.startswith("/api/v1/webhooks/")


async def test_errors_come_as_they_are_documented(app: FastAPI, client: httpx2.AsyncClient) -> None:
    document = app.openapi()
    named = client.headers.pop("Authorization")
    for path, method, operation in operations(document):
        for headers in ({}, {"Authorization": named}):
            answer = await client.request(
                method, PLACE.sub("x", path), params={"nosuch": "1"}, json={}, headers=headers
            )
            if answer.status_code >= 400:
                told = documented(document, operation, answer.status_code)
                check_problem(answer)
                assert answer.headers["content-type"] in told["content"], (method, path, answer.text)
                assert (
                    str(answer.status_code) in operation["responses"] or "default" in operation["responses"]
                )


def check_problem(answer: httpx2.Response) -> None:
    """One title a status, and a code that is told in docs/api.md."""
    if answer.headers["content-type"] == "application/problem+json":
        problem = answer.json()
        assert (problem["type"], problem["title"]) == ("about:blank", title_of(answer.status_code))
        assert problem["code"] in {code.value for code in Code}
        assert bool(problem.get("errors")) == (answer.status_code == 422)


def test_headers_are_shown_where_they_act(document: Json) -> None:
    for path, method, operation in operations(document):
        names = {resolved(document, each)["name"] for each in operation.get("parameters", [])}
        if path.startswith("/api/v1/"):
            assert ("Idempotency-Key" in names) == (method == "post"), path
        assert ("If-Match" in names) == ("412" in operation["responses"]), path


def test_fastapis_own_form_of_errors_is_gone(document: Json) -> None:
    assert not any("ValidationError" in name for name in document["components"]["schemas"])
