"""Whoever runs Tocsin over plain http beyond one machine is told at the start."""

import pytest
from structlog.testing import capture_logs

from tocsin_chassis.serving import warn_of_plain_http


@pytest.mark.parametrize(
    ("public_url", "warned"),
    [
        ("http://tocsin.example", True),
        ("http://10.0.0.7:8080", True),
        ("http://localhost.example", True),
        ("https://tocsin.example", False),
        ("http://127.0.0.1:8080", False),
        ("http://[::1]:8080/", False),
        ("http://localhost:8080", False),
        ("http://tocsin.localhost", False),
    ],
)
def test_http_beyond_this_machine_is_warned_of(public_url: str, warned: bool) -> None:
    with capture_logs() as lines:
        warn_of_plain_http(public_url)

    found = [(line["log_level"], line["event"], line["public_url"]) for line in lines]
    assert found == ([("warning", "process.public_url_is_http", public_url)] if warned else [])
