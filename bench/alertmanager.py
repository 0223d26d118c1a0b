"""Debian's Alertmanager, the measure that others are put beside."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import orjson

from bench.generator import Target
from bench.system import System
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import free_port

NAME = "Alertmanager"
PROGRAM = "prometheus-alertmanager"
_ALERT = (
    '{"labels":{"alertname":"A{mod:100}","instance":"{id}","severity":"critical","job":"node"},'
    '"annotations":{"summary":"cpu high on {id}"}}'
)


def unavailable() -> str | None:
    """None if it can be started here, else the reason in one line."""
    return (
        None if shutil.which(PROGRAM) else f"there is no {PROGRAM}: apt-get install prometheus-alertmanager"
    )


def version() -> str:
    """The first line of `--version`."""
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True)
    return (said.stdout or said.stderr).splitlines()[0].split(" (")[0]


@asynccontextmanager
async def alertmanager(folder: Path, *, sink: str | None = None) -> AsyncIterator[System]:
    """Run it in an empty folder. With a sink every alert is its own group, told at once; else nothing is told."""
    port = free_port()
    settings = folder / "alertmanager.yml"
    _write(settings, sink)
    flags = (
        f"--config.file={settings}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(PROGRAM, *flags, stdout=quiet, stderr=quiet)
    origin = f"http://127.0.0.1:{port}"
    target = Target(f"{origin}/api/v2/alerts", _ALERT, always_many=True)
    try:
        await eventually(lambda: _answers(origin), within=20)
        yield System(NAME, {"alertmanager": [process.pid]}, {"web": target, "singles": target})
    finally:
        process.terminate()
        await process.wait()


def _write(file: Path, sink: str | None) -> None:
    """As JSON, which YAML includes."""
    file.write_bytes(orjson.dumps(_settings(sink)))


def _settings(sink: str | None) -> dict[str, object]:
    if sink is None:
        return {"route": {"receiver": "none", "group_by": ["alertname"]}, "receivers": [{"name": "none"}]}
    told = {"url": f"{sink}/alertmanager", "send_resolved": False}
    route = {"receiver": "sink", "group_by": ["..."], "group_wait": "0s"}
    return {"route": route, "receivers": [{"name": "sink", "webhook_configs": [told]}]}


async def _answers(origin: str) -> bool:
    try:
        async with httpx2.AsyncClient() as client:
            return (await client.get(f"{origin}/-/ready")).status_code == 200
    except httpx2.TransportError:
        return False
