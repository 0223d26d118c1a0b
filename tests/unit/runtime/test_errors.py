"""Errors have one title a status, and a code that a program can rely on."""

import re
from http import HTTPStatus
from pathlib import Path

from tocsin_runtime.errors import Code, FieldError, Problem, plain_code, title_of

DOCUMENT = Path(__file__).parents[3] / "docs" / "api.md"


def test_a_problem_says_its_status_in_words_and_its_kind_as_a_code() -> None:
    problem = Problem(422, Code.BAD_CURSOR, "Start anew.", errors=[FieldError("cursor", "none of ours")])

    assert problem.body(instance="/api/v1/alerts") == {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "code": "bad_cursor",
        "detail": "Start anew.",
        "instance": "/api/v1/alerts",
        "errors": [{"pointer": "cursor", "detail": "none of ours"}],
    }


def test_every_status_has_a_title_and_a_code() -> None:
    for status in HTTPStatus:
        if status >= 400:
            assert title_of(status)
            assert plain_code(status)
    assert plain_code(418) is Code.BAD_REQUEST
    assert plain_code(502) is Code.INTERNAL_ERROR


def test_the_document_tells_every_code_and_no_other() -> None:
    rows = [
        line.split("|")[2] for line in DOCUMENT.read_text().splitlines() if re.match(r"\| \d{3} \|", line)
    ]
    told = [code for row in rows for code in re.findall(r"`(\w+)`", row)]

    assert sorted(told) == sorted(code.value for code in Code)
