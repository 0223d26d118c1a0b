"""One Tocsin with its starter configuration, an alert and an incident, for all that is hostile."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.api import open_api
from tocsin_testkit.waiting import wait_until
from tocsin_testkit.world import ADMIN_TOKEN, OneProcess

KEY = "the-key-of-the-hostile-tests"


@pytest.fixture(scope="package")
def world() -> Iterator[OneProcess]:
    folder = Path(tempfile.mkdtemp(prefix="tocsin-hostile-"))
    folder.chmod(0o711)
    made = OneProcess(folder, {}, arguments=())
    made.process.start()
    made.wait_configured()
    _something_happens(made)
    yield made
    made.process.terminate()
    shutil.rmtree(folder)


def _something_happens(world: OneProcess) -> None:
    api = open_api(world.origin, ADMIN_TOKEN)
    body = {"name": "Hostile", "source": "generic", "service": "web", "key": KEY}
    api.call("POST", "/api/v1/integrations", json=body)
    for number in range(3):
        alert = {"title": f"It burns {number}", "severity": "critical", "labels": {"alertname": f"A{number}"}}
        api.call("POST", f"/api/v1/webhooks/generic/{KEY}", json=alert)
    wait_until(lambda: bool(api.get("/api/v1/pages")["items"]), within=30)
