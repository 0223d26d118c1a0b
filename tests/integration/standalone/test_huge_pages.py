"""`tocsin up` has its heap in huge pages, and its PostgreSQL is not made to (decision 26)."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.standalone.test_hard_stop import is_ready
from tocsin.embedded_layout import Layout
from tocsin.huge_pages import HEAP, OFFERED
from tocsin_testkit.waiting import wait_until
from tocsin_testkit.world import free_port

SWITCHED_OFF = not OFFERED.exists() or "[never]" in OFFERED.read_text()


@pytest.mark.skipif(SWITCHED_OFF, reason="this machine offers no huge pages")
def test_the_heap_is_in_huge_pages_and_no_child_inherits_that(data_dir: Path) -> None:
    kept = {n: v for n, v in os.environ.items() if not n.startswith("TOCSIN_") and n not in HEAP}
    port = free_port()
    command = [sys.executable, "-m", "tocsin", "up", "--data-dir", str(data_dir), "--port", str(port)]
    process = subprocess.Popen(command, env=kept, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_ready(port), within=60, every=0.2)
        assert _huge_kib(process.pid) > 20 * 1024
        server = int(Layout(root=data_dir).pid_file.read_text().splitlines()[0])
        inherited = Path(f"/proc/{server}/environ").read_bytes().split(b"\0")
        assert not [line for line in inherited if line.split(b"=")[0].decode() in HEAP]
    finally:
        process.terminate()
        assert process.wait(timeout=40) == 0


def _huge_kib(pid: int) -> int:
    found = re.search(r"^AnonHugePages: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    assert found
    return int(found[1])
