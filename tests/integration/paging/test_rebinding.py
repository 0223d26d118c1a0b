"""A name that is harmless when it is checked and leads inside when Apprise connects (S11)."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.integration.paging.conftest import Receiver
from tocsin_paging.adapters.checked_connections import checked_by
from tocsin_paging.adapters.guard import Guard, networks

SCRIPT = Path(__file__).with_name("rebinding_process.py")
LAN = Guard(networks(["127.0.0.0/8"]))


def run(tmp_path: Path, *arguments: str) -> str:
    """In a mount namespace of its own, where a file of ours is /etc/hosts and the resolver is the real one."""
    hosts = tmp_path / "hosts"
    hosts.touch()
    command = f"mount --bind {hosts} /etc/hosts && exec {sys.executable} -m {{}} {' '.join(arguments)}"
    module = "tests.integration.paging.rebinding_process"
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", command.format(module)],
        cwd=SCRIPT.parents[3],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _namespaces() -> bool:
    tool = shutil.which("unshare")
    return bool(tool) and subprocess.run([str(tool), "-rm", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not _namespaces(), reason="this machine allows no mount namespace")
@pytest.mark.parametrize(("how", "printed"), [("stays", "True 127.0.0.1"), ("moves", "False")])
def test_apprise_connects_only_to_what_was_checked(tmp_path: Path, how: str, printed: str) -> None:
    assert run(tmp_path, how) == printed


async def test_only_what_is_inside_is_checked(receiver: Receiver) -> None:
    def post() -> int:
        return requests.post(receiver.url, timeout=5).status_code

    with checked_by(Guard()), pytest.raises(requests.ConnectionError, match="this machine itself"):
        await asyncio.to_thread(post)
    assert receiver.requests == []
    with checked_by(LAN):
        assert await asyncio.to_thread(post) == 200
    assert await asyncio.to_thread(post) == 200
