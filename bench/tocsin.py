"""Tocsin in each of the ways it is hosted, ready for a measurement."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bench.configuration import make_everything, make_integration
from bench.ledger import Ledger, open_ledger
from bench.system import System
from tocsin.embedded import EmbeddedPostgres, start_postgres, url_of
from tocsin.embedded_cluster import SUPERUSER
from tocsin.embedded_layout import open_layout
from tocsin_testkit.kafka import KafkaRig
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import ADMIN_TOKEN, SECRET_KEY, FiveProcesses, OneProcess, Process, free_port

UP = "tocsin up"
FIVE = "five over Kafka"
DETECTOR = "tocsin serve detector"
LANES_OFF, LANES_ON = f"{DETECTOR}, lanes off", f"{DETECTOR}, lanes on"
SETTINGS = {"TOCSIN_PAGING_ALLOWED_NETWORKS": "127.0.0.0/8", "TOCSIN_LOG_LEVEL": "warning"}


@dataclass(frozen=True)
class Hosted:
    """A Tocsin with its world, so that its processes can be stopped and started."""

    system: System
    world: OneProcess | FiveProcesses


@asynccontextmanager
async def one_process(folder: Path, *, sink: str) -> AsyncIterator[Hosted]:
    """`tocsin up` in an empty folder, with its embedded PostgreSQL."""
    world = OneProcess(folder, SETTINGS)
    await world.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(world.stop)
        ledger = await stack.enter_async_context(_ledger_of(world.data_dir))
        keys = await make_everything(world.client, sink=sink, ledger=ledger)
        system = System(UP, processes_of(world), keys.targets(world.origin), ledger, world.client)
        yield Hosted(system, world)


@asynccontextmanager
async def five_processes(folder: Path, *, sink: str, kafka: KafkaRig) -> AsyncIterator[Hosted]:
    """`tocsin serve` five times, over Kafka and one PostgreSQL, all processes counted."""
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(_postgres(folder))
        world = FiveProcesses(folder, database_url=postgres.url, kafka=kafka.bootstrap, settings=SETTINGS)
        stack.push_async_callback(world.stop)
        await world.start()
        ledger = await stack.enter_async_context(_ledger_of(folder / "postgres"))
        keys = await make_everything(world.client, sink=sink, ledger=ledger)
        processes = {**processes_of(world), "postgres": [postgres.pid], "kafka": [kafka.pid]}
        targets = keys.targets(f"http://127.0.0.1:{world.ports['detector'][0]}")
        yield Hosted(System(FIVE, processes, targets, ledger, world.client), world)


@asynccontextmanager
async def detector(folder: Path, *, lanes: int) -> AsyncIterator[System]:
    """`tocsin serve detector` alone, on a PostgreSQL of its own; with 0 lanes it only accepts."""
    async with _postgres(folder) as postgres, running_detector(folder, postgres, lanes=lanes) as system:
        yield system


@asynccontextmanager
async def postgres_for(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A migrated database in which detectors can be started one after another."""
    async with _postgres(folder) as postgres:
        yield postgres


@asynccontextmanager
async def running_detector(folder: Path, postgres: EmbeddedPostgres, *, lanes: int) -> AsyncIterator[System]:
    """Start the detector on this database."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    environment = {
        **_environment(postgres.url),
        "TOCSIN_PORT": str(port),
        "TOCSIN_DETECTOR_LANES": str(lanes),
    }
    process = Process(
        "detector", [*_TOCSIN, "serve", "detector"], environment, folder / f"detector-{port}.log"
    )
    process.start()
    async with AsyncExitStack() as stack:
        stack.callback(process.terminate)
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        client = await stack.enter_async_context(httpx2.AsyncClient(base_url=origin, headers=headers))
        await eventually(lambda: is_ready(client, process), within=60)
        ledger = await stack.enter_async_context(_ledger_of(folder / "postgres", services=("detector",)))
        keys = await make_integration(client)
        name = LANES_ON if lanes else LANES_OFF
        processes = {"detector": [pid_of(process)], "postgres": [postgres.pid]}
        yield System(name, processes, keys.targets(origin), ledger, client)


async def is_ready(client: httpx2.AsyncClient, process: Process) -> bool:
    """Whether /readyz says so. AssertionError when not yet; RuntimeError when the process ended."""
    if not process.alive():
        raise RuntimeError(f"{process.name} ended:\n{process.log()[-3000:]}")
    try:
        answer = await client.get("/readyz")
    except httpx2.TransportError:
        return False
    return answer.status_code == 200


def pid_of(process: Process) -> int:
    """The process id of a running process."""
    assert process.running is not None
    return process.running.pid


def processes_of(world: OneProcess | FiveProcesses) -> dict[str, list[int]]:
    """The processes that run now, by service."""
    if isinstance(world, FiveProcesses):
        return {name: [pid_of(one) for one in replicas] for name, replicas in world.processes.items()}
    return {"tocsin": [pid_of(world.process)], "postgres": [_postmaster(world.data_dir)]}


_TOCSIN = [sys.executable, "-m", "tocsin"]


@asynccontextmanager
async def _postgres(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL as `tocsin up` runs it, with all tables."""
    postgres = await start_postgres(folder / "postgres", report=lambda _: None)
    try:
        migrate = Process(
            "migrate", [*_TOCSIN, "migrate"], _environment(postgres.url), folder / "migrate.log"
        )
        migrate.start()
        assert migrate.running is not None
        if await asyncio.to_thread(migrate.running.wait, 60):
            raise RuntimeError(f"tocsin migrate failed:\n{migrate.log()[-3000:]}")
        yield postgres
    finally:
        await postgres.stop()


def _environment(database_url: str) -> dict[str, str]:
    return {
        **SETTINGS,
        "TOCSIN_DATABASE_URL": database_url,
        "TOCSIN_SECRET_KEY": SECRET_KEY,
        "TOCSIN_ADMIN_TOKEN": ADMIN_TOKEN,
        "TOCSIN_DRAIN_SECONDS": "0.2",
    }


@asynccontextmanager
async def _ledger_of(data_dir: Path, services: tuple[str, ...] = ()) -> AsyncIterator[Ledger]:
    url = url_of(open_layout(data_dir), login=SUPERUSER)
    async with open_ledger(url, **({"services": services} if services else {})) as ledger:
        yield ledger


def _postmaster(data_dir: Path) -> int:
    return int(open_layout(data_dir).pid_file.read_text().splitlines()[0])
