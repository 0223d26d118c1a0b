"""A service whose stop hangs ends by itself, before its orchestrator has to kill it (R33)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from tocsin_testkit.world import free_port

PROCESS = Path(__file__).with_name("hanging_process.py")
SOON = 1.0
PATIENCE = 20


@contextmanager
def hanging(database_url: str, *, hard_stop: float) -> Iterator[subprocess.Popen[str]]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    settings = {
        "TOCSIN_DATABASE_URL": database_url,
        "TOCSIN_SECRET_KEY": "a-secret-key-that-only-the-tests-use",
        "TOCSIN_PORT": str(free_port()),
        "TOCSIN_DRAIN_SECONDS": "0",
    }
    process = subprocess.Popen(
        [sys.executable, str(PROCESS), str(hard_stop)],
        env=inherited | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "hangs\n"
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_stop_that_hangs_ends_hard_and_says_so(database_url: str) -> None:
    with hanging(database_url, hard_stop=SOON) as process:
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        _, logged = process.communicate(timeout=PATIENCE)
        took = time.monotonic() - began

    assert process.returncode == 1
    assert SOON <= took < 10, "the worker has ten seconds, and must not get them"
    lines = [orjson.loads(line) for line in logged.splitlines() if line.startswith("{")]
    [said] = [line for line in lines if line["event"] == "process.stopped_hard"]
    assert said["seconds"] == SOON
