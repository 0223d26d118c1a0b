"""`tocsin up` whose stop hangs ends by itself, and takes its PostgreSQL along (R33, R40)."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from tests.integration.standalone.processes import wait_for_no_server
from tocsin.embedded import start_postgres
from tocsin.embedded_layout import Layout
from tocsin_testkit.waiting import wait_until
from tocsin_testkit.world import free_port

PROCESS = Path(__file__).with_name("up_process.py")
SOON = 2.0


@pytest.fixture
def port() -> int:
    return free_port()


def is_ready(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=1).status_code == 200
    except httpx2.HTTPError:
        return False


async def start_and_stop(data_dir: Path) -> None:
    server = await start_postgres(data_dir, report=print)
    await server.stop()


def test_a_stop_that_waits_for_a_frozen_postgresql_ends_both(data_dir: Path, port: int) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    process = subprocess.Popen(
        [sys.executable, str(PROCESS), str(data_dir), str(port), str(SOON)],
        env=inherited,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: is_ready(port), within=60, every=0.2)
        server = int(Layout(root=data_dir).pid_file.read_text().splitlines()[0])
        os.kill(server, signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        _, logged = process.communicate(timeout=30)
        took = time.monotonic() - began
    finally:
        process.kill()
        process.wait()

    assert process.returncode == 1
    assert SOON <= took < 15, "PostgreSQL has twenty seconds to stop, and must not get them"
    assert "process.stopped_hard" in logged
    wait_for_no_server(data_dir)
    asyncio.run(start_and_stop(data_dir))
