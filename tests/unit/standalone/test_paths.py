"""The table of paths: the longest prefix wins, and what is nobody's is nobody's."""

import pytest

from tocsin.paths import NOBODY, PATHS, owner
from tocsin_runtime.settings import SERVICES


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/api/v1/webhooks/generic/key", "detector"),
        ("/v2/enqueue", "detector"),
        ("/alertmanager/api/v2/alerts", "detector"),
        ("/api/v1/incidents/INC-42/acknowledge", "incidents"),
        ("/incidents", "incidents"),
        ("/incidents/", "incidents"),
        ("/ack/some-token", "paging"),
        ("/api/v1/escalations/INC-42", "paging"),
        ("/status/api/v2/summary.json", "comms"),
        ("/api/v1/analytics/summary", "analytics"),
        ("/api/v1/paging/openapi.json", "paging"),
        ("/internal/v1/events", NOBODY),
        ("/statuses", None),
        ("/api/v1/unheard-of", None),
        ("/", None),
    ],
)
def test_a_path_has_one_owner(path: str, service: str | None) -> None:
    assert owner(path) == service


def test_owners_are_services() -> None:
    assert set(PATHS.values()) == {*SERVICES, NOBODY}
