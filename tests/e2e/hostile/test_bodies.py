"""The hostile bodies and keys of S1 and S18 against a real process: what they get, cost, and give away."""

import re
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx2

from tests.e2e.hostile.conftest import KEY
from tests.integration.detector.test_hostile import HOSTILE
from tocsin.api import open_api
from tocsin_testkit.world import ADMIN_TOKEN, OneProcess

ROUNDS = 10
MOST_MIB = 32
TRIES = 300


def test_hostile_bodies_leave_no_memory_behind(world: OneProcess) -> None:
    """The peak, not only what stays: a bomb that is unpacked and refused has been unpacked."""
    path = f"/api/v1/webhooks/generic/{KEY}"
    with httpx2.Client(base_url=world.origin, timeout=20) as sender:
        _send_all(sender, path)  # what parsers and pools keep for good
        before = _peak(world, begin=True)
        for _ in range(ROUNDS):
            _send_all(sender, path)
        rise = _peak(world) - before
        taken = sender.post(path, json={"title": "b", "dedup_key": "after all that"})
    assert taken.status_code == 202
    assert rise < MOST_MIB, f"{rise:.0f} MiB"


def test_no_wrong_and_revoked_keys_cannot_be_told_apart(world: OneProcess) -> None:
    """Asked in turn, so that a busy machine slows all alike; nor is a key in what the process says."""
    api = open_api(world.origin, ADMIN_TOKEN)
    made = api.call("POST", "/api/v1/integrations", json={"name": "Revoked", "source": "generic"})
    api.call("DELETE", f"/api/v1/integrations/{made['id']}")
    keys = {"none": "", "wrong": "tci_" + "x" * 43, "revoked": str(made["key"])}
    spent: dict[str, list[float]] = {name: [] for name in keys}
    bodies = set()
    with httpx2.Client(base_url=world.origin, timeout=20) as sender:
        for _ in range(TRIES):
            for name, key in keys.items():
                began = perf_counter()
                answer = sender.post("/api/v1/webhooks/generic", headers={"x-tocsin-key": key} if key else {})
                spent[name].append(perf_counter() - began)
                bodies.add((answer.status_code, re.sub(r'"(request_id|instance)":"[^"]*"', "", answer.text)))
    medians = sorted(median(times) for times in spent.values())
    assert [status for status, _ in bodies] == [401]
    assert medians[-1] - medians[0] < 0.001, medians
    told = world.process.log()
    assert not [name for name, key in keys.items() if key and key in told]
    assert KEY not in told


def _send_all(sender: httpx2.Client, path: str) -> None:
    for name, (content, headers, status) in HOSTILE.items():
        assert (name, sender.post(path, content=content, headers=headers).status_code) == (name, status)


def _peak(world: OneProcess, *, begin: bool = False) -> float:
    """MiB at the highest since the last `begin`."""
    assert world.process.running is not None
    place = Path(f"/proc/{world.process.running.pid}")
    if begin:
        (place / "clear_refs").write_text("5")
    found = re.search(r"VmHWM:\s+(\d+) kB", (place / "status").read_text())
    assert found is not None
    return int(found[1]) / 1024
