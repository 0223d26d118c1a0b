"""Builds and runs the load generator, and reads what it measured."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import orjson

SOURCE = Path(__file__).parent / "load"
Processes = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Target:
    """Where alerts go and what they look like; `many` is around several of them in one request."""

    url: str
    body: str
    around: tuple[str, str] = ("[", "]")
    always_many: bool = False


@dataclass(frozen=True)
class Shot:
    """One load. It ends after `count` alerts or `seconds`. With `rate` alerts are due at even times."""

    target: Target
    connections: int
    count: int
    seconds: float = 60.0
    batch: int = 1
    rate: float = 0.0
    warm: int = 0
    stamps: bool = False

    def arguments(self) -> list[str]:
        """The same for the command line."""
        prefix, suffix = self.target.around if self.target.always_many or self.batch > 1 else ("", "")
        flags = {
            "url": self.target.url,
            "body": self.target.body,
            "prefix": prefix,
            "suffix": suffix,
            "c": self.connections,
            "n": self.count,
            "seconds": self.seconds,
            "batch": self.batch,
            "rate": self.rate,
            "warm": self.warm,
            "stamps": str(self.stamps).lower(),
        }
        return [f"-{name}={value}" for name, value in flags.items()]


@dataclass(frozen=True)
class Measured:
    """What one load found. CPU is milliseconds per accepted alert, by named process tree."""

    run: str
    sent: int
    accepted: int
    errors: dict[str, int]
    seconds: float
    rate: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    own_share: float
    foreign_share: float
    cpu_ms_per_alert: dict[str, float]
    pss_mib: dict[str, float]
    start_ns: int
    end_ns: int
    offset: int
    stamps: list[int] = field(default_factory=list)

    @property
    def cpu_ms(self) -> float:
        """CPU of all watched trees."""
        return sum(self.cpu_ms_per_alert.values())

    def to_arrival(self, arrivals: Mapping[str, int]) -> list[float]:
        """Milliseconds from when each alert was due to when its notification came; those that came, sorted."""
        came = ((arrivals.get(str(self.offset + seq)), due) for seq, due in enumerate(self.stamps))
        return sorted((at - due) / 1e6 for at, due in came if at is not None)


@dataclass(frozen=True)
class Usage:
    """What named process trees have used: CPU seconds since their start, memory in MiB."""

    at_ns: int
    machine_cpu_s: float
    cpu_s: dict[str, float]
    pss_mib: dict[str, float]


@dataclass(frozen=True)
class Traffic:
    """Notifications that came to one path."""

    count: int = 0
    first_ns: int = 0
    last_ns: int = 0


@dataclass(frozen=True)
class Sink:
    """The receiver of notifications."""

    origin: str
    client: httpx2.AsyncClient

    async def reset(self) -> None:
        """Forget everything."""
        (await self.client.post("/reset")).raise_for_status()

    async def arrivals(self, run: str) -> dict[str, int]:
        """When each alert of a load was first named in a notification, by its number."""
        found: dict[str, int] = (await self._all())["arrivals"].get(run, {})
        return found

    async def traffic(self, path: str) -> Traffic:
        """What came to a path."""
        found = (await self._all())["paths"].get(path)
        return Traffic(**found) if found else Traffic()

    async def _all(self) -> dict[str, Any]:
        answer: dict[str, Any] = orjson.loads((await self.client.get("/arrivals")).content)
        return answer


class Generator:
    """The built program."""

    def __init__(self, program: Path) -> None:
        self._program = program

    async def load(self, shot: Shot, processes: Processes | None = None) -> Measured:
        """Make one load; the named trees' costs are read just before and just after."""
        found = await self._run("load", *shot.arguments(), *_process_flags(processes or {}))
        machine = found["machine_cpu_s"] or 1.0
        found["foreign_share"] = max(0.0, found["foreign_cpu_s"] / machine)
        return Measured(**{name: found[name] for name in Measured.__dataclass_fields__ if name in found})

    async def usage(self, processes: Processes) -> Usage:
        """Look at what these trees have used so far."""
        found = await self._run("usage", *_process_flags(processes))
        trees = found["processes"]
        return Usage(
            found["at_ns"],
            found["machine_cpu_s"],
            {name: tree["cpu_s"] for name, tree in trees.items()},
            {name: tree["pss_mib"] for name, tree in trees.items()},
        )

    @asynccontextmanager
    async def sink(self) -> AsyncIterator[Sink]:
        """A receiver on a free port."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            self._program, "sink", "-listen", "127.0.0.1:0", stdout=pipe
        )
        assert process.stdout is not None
        address = (await process.stdout.readline()).decode().strip()
        try:
            async with httpx2.AsyncClient(base_url=f"http://{address}", timeout=30) as client:
                yield Sink(f"http://{address}", client)
        finally:
            process.terminate()
            await process.wait()

    async def _run(self, *arguments: str) -> dict[str, Any]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(self._program, *arguments, stdout=pipe, stderr=pipe)
        try:
            out, complaint = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            raise
        if process.returncode:
            raise RuntimeError(f"the load generator failed: {complaint.decode().strip()}")
        answer: dict[str, Any] = orjson.loads(out)
        return answer


def unavailable() -> str | None:
    """None if the generator can be built here, else the reason in one line."""
    return None if shutil.which("go") else "there is no Go tool chain: install golang-go"


def build(folder: Path) -> Generator:
    """Compile the generator into a folder; needs Go and nothing else."""
    program = folder / "tocsin-bench"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=SOURCE, check=True)
    return Generator(program)


def _process_flags(processes: Processes) -> list[str]:
    return [f"-process={name}={'+'.join(map(str, pids))}" for name, pids in processes.items()]
