"""What `tocsin doctor` makes of an answer of /readyz."""

import httpx2
import pytest

from tocsin.commands.inspect import readiness

CHECKS = {"database": {"ok": True, "needed": True, "detail": ""}, "bus": {"ok": False, "detail": "away"}}


@pytest.mark.parametrize(
    "body", [{"services": {"paging": {"checks": CHECKS}}}, {"service": "paging", "checks": CHECKS}]
)
@pytest.mark.parametrize("status", [200, 503])
def test_each_check_is_told(status: int, body: dict[str, object]) -> None:
    found = readiness(httpx2.Response(status, json=body))

    assert [(one.what, one.ok, one.advice) for one in found] == [
        ("paging: database", True, ""),
        ("paging: bus", False, "away"),
    ]


def test_where_there_is_none_it_is_said_and_where_to_ask() -> None:
    (found,) = readiness(httpx2.Response(404))

    assert found.ok is None
    assert "readiness was not looked at" in found.what
    assert "ask /readyz at its own address" in found.advice


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(500),
        httpx2.Response(502, text="Bad Gateway"),
        httpx2.Response(302, headers={"Location": "/login"}),
        httpx2.Response(200, text="<h1>It works</h1>"),
        httpx2.Response(200, json=[]),
        httpx2.Response(503, json={"status": "not ready"}),
    ],
)
def test_everything_else_is_bad(answer: httpx2.Response) -> None:
    (found,) = readiness(answer)

    assert found.ok is False
    assert str(answer.status_code) in found.what
