"""Foreign pages and foreign targets."""

import pytest
from starlette.datastructures import Headers

from tocsin_access.origins import local_path, own_path, same_origin

PUBLIC = "https://tocsin.example"


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"origin": "https://tocsin.example"}, True),
        ({"origin": "http://tocsin.example"}, False),
        ({"origin": "http://127.0.0.1:8080", "host": "127.0.0.1:8080"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "https://tocsin.example.evil.example"}, False),
        ({"origin": "https://tocsin.example:444"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "file://"}, False),
        ({"origin": "https://[::1"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
    ],
)
def test_only_our_own_pages_are_same_origin(headers: dict[str, str], ours: bool) -> None:
    assert same_origin(Headers(headers), PUBLIC) is ours


@pytest.mark.parametrize("path", ["/", "/incidents", "/incidents/INC-42?tab=timeline&x=%2F", "/a//b"])
def test_a_path_of_ours_is_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "incidents",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "/ok\r\nSet-Cookie: a=b",
        "/a\\b",
        "/" + "a" * 3000,
    ],
)
def test_everything_else_becomes_the_default(path: str | None) -> None:
    assert local_path(path, "/home") == "/home"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://tocsin.example/incidents/INC-3?tab=x#body", "/incidents/INC-3?tab=x"),
        ("http://10.0.0.7:8080/on-call", "/on-call"),
        ("https://evil.example/on-call", "/"),
        ("https://tocsin.example//evil.example", "/"),
        ("http://[::1", "/"),
        ("ftp://10.0.0.7:8080/x", "/"),
        ("/on-call", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_the_page_somebody_is_on_is_one_of_ours(url: str | None, path: str) -> None:
    assert own_path(url, Headers({"host": "10.0.0.7:8080"}), PUBLIC) == path
