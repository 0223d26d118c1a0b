"""A real Apache Kafka for tests: one node in KRaft mode, whose jars `python -m tocsin_testkit.kafka install` gets.

Maven gets them once, into a folder for each version below TOCSIN_KAFKA_HOME (default `~/.cache/tocsin/kafka`);
TOCSIN_KAFKA_VERSION picks a version.
"""

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tocsin_testkit.waiting import wait_until

DEFAULT_VERSION = "4.1.1"
_CLUSTER_ID = "dG9jc2luLXRlc3Qta2Fma2"
_HEAP = "512m"
_START_WITHIN = 60.0

_POM = """<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>tocsin</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{version}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>2.24.3</version>
    </dependency>
  </dependencies>
</project>
"""
_LOGGING = """
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1} %m%n
rootLogger.level = INFO
rootLogger.appenderRef.out.ref = out
"""
# A killed broker may come back only when its old session is over: two seconds instead of nine.
_SETTINGS = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
log.dirs={data}
auto.create.topics.enable=false
min.insync.replicas=1
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=2000
log.cleaner.dedupe.buffer.size=16777216
"""


class KafkaRig:
    """A broker of our own, to be used in a `with`; its port and data stay the same when it is started again.

    Topics are not made by themselves. The methods block until done and are not tied to an event loop.
    """

    def __init__(self) -> None:
        self._root = Path()
        self._port, self._controller_port = 0, 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._root = Path(tempfile.mkdtemp(prefix="tocsin-kafka-"))
        self._port, self._controller_port = _free_ports()
        self._prepare()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._root)

    @property
    def bootstrap(self) -> str:
        """Host and port for clients."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """The process id of the running broker."""
        return self._running.pid

    def start(self) -> None:
        """Start the broker, also after `stop` or `kill`, and wait until it answers clients."""
        with self._log.open("ab") as log:
            command = _java(self._root, "kafka.Kafka", self._settings)
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        wait_until(self._answers, within=_START_WITHIN)

    def stop(self) -> None:
        """Stop the broker in good order."""
        self._signal(signal.SIGTERM)
        self._running.wait(timeout=30)

    def kill(self) -> None:
        """Kill the broker with SIGKILL, paused or not, and wait for its end."""
        self._signal(signal.SIGKILL)
        self._running.wait(timeout=30)

    def pause(self) -> None:
        """Freeze the broker: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen broker go on."""
        self._signal(signal.SIGCONT)

    @property
    def _settings(self) -> Path:
        return self._root / "server.properties"

    @property
    def _log(self) -> Path:
        return self._root / "broker.log"

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "use the rig in a `with`"
        return self._process

    def _signal(self, sign: signal.Signals) -> None:
        self._running.send_signal(sign)

    def _prepare(self) -> None:
        (self._root / "log4j2.properties").write_text(_LOGGING)
        self._settings.write_text(
            _SETTINGS.format(port=self._port, controller_port=self._controller_port, data=self._root / "data")
        )
        format_storage = ["format", "--cluster-id", _CLUSTER_ID, "--config", str(self._settings)]
        command = _java(self._root, "kafka.tools.StorageTool", *format_storage)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def _answers(self) -> bool:
        if self._running.poll() is not None:
            raise RuntimeError(f"Kafka ended at its start:\n{self._log.read_text(errors='replace')[-3000:]}")
        return _answers(self._port)


def available() -> str | None:
    """None if a broker can be started here, else the reason why not and what to do about it."""
    if shutil.which("java") is None:
        return "there is no java: install a Java 17 runtime"
    if _jars().is_dir():
        return None
    if shutil.which("mvn") is None:
        return "there are no Kafka jars and no mvn to get them with: install Maven"
    return "there are no Kafka jars: run `python -m tocsin_testkit.kafka install`"


def install() -> Path:
    """Get the jars of Kafka and all it needs by Maven, unless they are there; return their folder."""
    jars = _jars()
    if jars.is_dir():
        return jars
    jars.parent.mkdir(parents=True, exist_ok=True)
    pom, unfinished = jars.with_name("pom.xml"), jars.with_name("lib.new")
    pom.write_text(_POM.format(version=_version()))
    shutil.rmtree(unfinished, ignore_errors=True)
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={unfinished}"]
    subprocess.run(["mvn", "--batch-mode", "--quiet", "--file", str(pom), *goal], check=True)
    unfinished.rename(jars)
    return jars


def _version() -> str:
    return os.environ.get("TOCSIN_KAFKA_VERSION", DEFAULT_VERSION)


def _jars() -> Path:
    home = os.environ.get("TOCSIN_KAFKA_HOME") or Path.home() / ".cache" / "tocsin" / "kafka"
    return Path(home) / _version() / "lib"


def _java(root: Path, main: str, *arguments: str | Path) -> list[str]:
    # The flags make a short-lived process start in half the time.
    quick = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]
    logging = f"-Dlog4j2.configurationFile={root / 'log4j2.properties'}"
    classes = f"{_jars()}/*"
    return ["java", f"-Xmx{_HEAP}", *quick, logging, "-cp", classes, main, *map(str, arguments)]


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _answers(port: int) -> bool:
    """Whether the broker names itself when asked who is there; shortly after its start it answers that nobody is."""
    metadata_of_no_topic = struct.pack(">hhihi", 3, 1, 1, -1, 0)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(struct.pack(">i", len(metadata_of_no_topic)) + metadata_of_no_topic)
            answer = connection.recv(12, socket.MSG_WAITALL)
    except OSError:
        return False
    return len(answer) == 12 and struct.unpack(">iii", answer)[2] > 0


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit("usage: python -m tocsin_testkit.kafka install")
    sys.stdout.write(f"{install()}\n")
