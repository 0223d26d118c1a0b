"""A whole Tocsin as a user has it: real processes, one origin; one process, or five over Kafka."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol

import httpx2

from tocsin.paths import PATHS, owner
from tocsin_runtime.settings import SERVICES
from tocsin_testkit.waiting import eventually, wait_until

ADMIN_TOKEN = "tcs_admin_of_the_world_of_tests"
SECRET_KEY = "the-secret-key-of-the-world-of-tests"


class World(Protocol):
    """What a story needs."""

    client: httpx2.AsyncClient
    origin: str

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """One Tocsin process; its log goes to a file."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self._command = command
        self._environment = dict(environment)
        self._log = log
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it is ready when its /readyz says so."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
        kept.pop(
            "PYTHONDONTWRITEBYTECODE", None
        )  # users have what pip compiled; without it a start takes longer
        with self._log.open("ab") as log:
            self.running = subprocess.Popen(
                self._command,
                env={**kept, **self._environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        self._signal(signal.SIGKILL)

    def terminate(self, *, within: float = 30) -> int:
        """SIGTERM, and wait for the end; returns the exit code."""
        return self._signal(signal.SIGTERM, within=within)

    def pause(self) -> None:
        """SIGSTOP."""
        assert self.running is not None
        self.running.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        assert self.running is not None
        self.running.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """What it wrote."""
        return self._log.read_text(errors="replace")

    def alive(self) -> bool:
        """Whether it runs."""
        return self.running is not None and self.running.poll() is None

    def _signal(self, number: signal.Signals, *, within: float = 30) -> int:
        if self.running is None:
            return 0
        if self.running.poll() is None:
            self.running.send_signal(number)
        return self.running.wait(timeout=within)


class OneProcess:
    """`tocsin up` with its embedded PostgreSQL."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str], *, arguments: tuple[str, ...] = ("--no-starter",)
    ) -> None:
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.data_dir = folder / "data"
        environment = {
            "TOCSIN_SECRET_KEY": SECRET_KEY,
            "TOCSIN_ADMIN_TOKEN": ADMIN_TOKEN,
            "TOCSIN_LOG_LEVEL": "info",
            **settings,
        }
        command = [
            sys.executable,
            "-m",
            "tocsin",
            "up",
            "--data-dir",
            str(self.data_dir),
            "--port",
            str(self.port),
        ]
        self.process = Process("up", [*command, *arguments], environment, folder / "up.log")
        self.client = httpx2.AsyncClient(base_url=self.origin, headers=_credentials(), timeout=20)

    async def start(self) -> None:
        """Start and wait until all five are ready."""
        self.process.start()
        await eventually(lambda: _ready(self.client, self.process), within=60)

    def wait_configured(self) -> None:
        """Wait until the starter configuration is complete and told."""
        wait_until(lambda: "Stop with Ctrl-C" in self.process.log(), within=60)

    async def stop(self) -> None:
        """Stop as a user would."""
        await self.client.aclose()
        self.process.terminate()


class FiveProcesses:
    """`tocsin serve` for each service, over a real Kafka and a PostgreSQL; the client finds each by its path."""

    def __init__(
        self, folder: Path, *, database_url: str, kafka: str, settings: Mapping[str, str], replicas: int = 1
    ) -> None:
        self.origin = "http://tocsin.test"
        self.prefix = f"t{secrets.token_hex(4)}."
        self.ports = {name: [free_port() for _ in range(replicas)] for name in SERVICES}
        self._shared = {
            "TOCSIN_DATABASE_URL": database_url,
            "TOCSIN_KAFKA_BOOTSTRAP_SERVERS": kafka,
            "TOCSIN_KAFKA_TOPIC_PREFIX": self.prefix,
            "TOCSIN_KAFKA_REPLICATION": "1",
            "TOCSIN_SECRET_KEY": SECRET_KEY,
            "TOCSIN_ADMIN_TOKEN": ADMIN_TOKEN,
            "TOCSIN_PUBLIC_URL": self.origin,
            "TOCSIN_DRAIN_SECONDS": "0.5",
            **{
                f"TOCSIN_{name.upper()}_URL": f"http://127.0.0.1:{ports[0]}"
                for name, ports in self.ports.items()
            },
            **settings,
        }
        self._folder = folder
        self.processes = {
            name: [self._process(name, port) for port in ports] for name, ports in self.ports.items()
        }
        self.client = httpx2.AsyncClient(
            base_url=self.origin, transport=PathTransport(self.ports), headers=_credentials(), timeout=20
        )

    async def start(self) -> None:
        """Migrate, start all, wait until each is ready."""
        migrate = Process(
            "migrate", [sys.executable, "-m", "tocsin", "migrate"], self._shared, self._folder / "migrate.log"
        )
        migrate.start()
        assert migrate.running is not None
        code = migrate.running.wait(timeout=60)
        assert code == 0, migrate.log()
        for replicas in self.processes.values():
            for process in replicas:
                process.start()
        for name in SERVICES:
            await self.ready(name)

    async def ready(self, name: str, *, within: float = 60) -> None:
        """Wait until every replica of a service says that it is ready."""
        for port, process in zip(self.ports[name], self.processes[name], strict=True):
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
                await eventually(partial(_ready, client, process), within=within)

    async def stop(self) -> None:
        """Stop all as Kubernetes would."""
        await self.client.aclose()
        for replicas in self.processes.values():
            for process in replicas:
                if process.running is not None and process.alive():
                    process.running.send_signal(signal.SIGTERM)
        for replicas in self.processes.values():
            for process in replicas:
                process.terminate()

    def _process(self, name: str, port: int) -> Process:
        # Replicas have no names, as in deploy/k8s (decision 20).
        named = {"TOCSIN_KAFKA_INSTANCE": name} if len(self.ports[name]) == 1 else {}
        environment = {**self._shared, **named, "TOCSIN_PORT": str(port)}
        command = [sys.executable, "-m", "tocsin", "serve", name]
        return Process(name, command, environment, self._folder / f"{name}-{port}.log")


class PathTransport(httpx2.AsyncBaseTransport):
    """Plays the Ingress: the table of paths picks the service; replicas take turns."""

    def __init__(self, ports: Mapping[str, list[int]]) -> None:
        self._ports = ports
        self._turn = 0
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it to the owner of its path; a replica that takes no connection is passed over."""
        *others, last = self.addresses(request.url)
        for address in others:
            request.url = address
            with suppress(httpx2.ConnectError):
                return await self._inner.handle_async_request(request)
        request.url = last
        return await self._inner.handle_async_request(request)

    def addresses(self, url: httpx2.URL) -> list[httpx2.URL]:
        """The same path at each port of its owner, beginning with the one whose turn it is."""
        service = owner(url.path)
        assert service is not None
        assert service in self._ports, f"nobody owns {url.path} among {len(PATHS)} paths"
        ports = self._ports[service]
        self._turn += 1
        turn = self._turn % len(ports)
        return [
            url.copy_with(scheme="http", host="127.0.0.1", port=port)
            for port in [*ports[turn:], *ports[:turn]]
        ]

    def blocking(self) -> "BlockingPathTransport":
        """The same for a client without an event loop."""
        return BlockingPathTransport(self)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()


class BlockingPathTransport(httpx2.BaseTransport):
    """PathTransport for `httpx2.Client`."""

    def __init__(self, table: PathTransport) -> None:
        self._table = table
        self._inner = httpx2.HTTPTransport(retries=2)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it to the owner of its path."""
        request.url = self._table.addresses(request.url)[0]
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close all connections."""
        self._inner.close()


def _credentials() -> dict[str, str]:
    return {"Authorization": f"Bearer {ADMIN_TOKEN}"}


async def _ready(client: httpx2.AsyncClient, process: Process) -> bool:
    if not process.alive():
        raise RuntimeError(f"{process.name} ended:\n{process.log()[-3000:]}")
    try:
        answer = await client.get("/readyz")
    except httpx2.TransportError as error:
        raise AssertionError(f"{process.name}: {error!r}") from error
    assert answer.status_code == 200, f"{process.name}: {answer.text}\n{process.log()[-2000:]}"
    return True
