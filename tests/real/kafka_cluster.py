"""Real brokers of the tests' own: KRaft, one Java process a broker, on this machine alone."""

import asyncio
import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from tests.real.process import free_port

READY_SECONDS = 120.0  # 4 s on an idle machine
HEAP = "-Xmx512m"
CLUSTER_ID = "cm9ja3NlZy10ZXN0cy0wMQ"


@dataclass
class KafkaNode:
    """One broker. `port` of `host` is for clients; `proxied_port` for a proxy on `advertised_proxy_port`.

    Kafka tells its clients where to go, so whoever should pass through a proxy bootstraps through it: what comes to
    `proxied_port` is told `127.0.0.1:advertised_proxy_port`.
    """

    id: int
    folder: Path
    port: int
    proxied_port: int
    advertised_proxy_port: int
    controller_port: int
    host: str = "127.0.0.1"
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "broker.log"

    def check_runs(self) -> None:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text(errors="replace")[-2000:]


class KafkaCluster:
    """Brokers that are all controllers too; `start` returns when each of them knows all."""

    def __init__(
        self,
        jars: Path,
        folder: Path,
        *,
        brokers: int = 1,
        properties: Mapping[str, str] | None = None,
        users: Mapping[str, str] | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        """`users` have SCRAM passwords; clients find the brokers on `host`, an address of this machine."""
        self._jars = jars
        self._properties = dict(properties or {})
        self._users = dict(users or {})
        self.nodes = [
            KafkaNode(
                id=number,
                folder=folder / f"broker-{number}",
                port=free_port(),
                proxied_port=free_port(),
                advertised_proxy_port=free_port(),
                controller_port=free_port(),
                host=host,
            )
            for number in range(1, brokers + 1)
        ]

    @property
    def bootstrap(self) -> str:
        return ",".join(node.address for node in self.nodes)

    def start(self) -> None:
        for node in self.nodes:
            self._format(node)
            self.start_node(node)
        self.wait_ready()

    def start_node(self, node: KafkaNode) -> None:
        """Begin to start it; `wait_ready` waits for it."""
        with node.log.open("ab") as log:
            node.process = subprocess.Popen(
                self._java("kafka.Kafka", str(node.folder / "server.properties")),
                cwd=node.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop_node(self, node: KafkaNode, *, kill: bool = False) -> None:
        """End it and wait for its end: in order, handing its partitions over, or at once."""
        if node.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            node.process.send_signal(signal.SIGCONT)
        if kill:
            node.process.kill()
        else:
            node.process.terminate()
        try:
            node.process.wait(30)
        except subprocess.TimeoutExpired:
            node.process.kill()
            node.process.wait()
        node.process = None

    def pause_node(self, node: KafkaNode) -> None:
        """Let it hang: connections stay open and nothing answers."""
        assert node.process is not None
        node.process.send_signal(signal.SIGSTOP)

    def resume_node(self, node: KafkaNode) -> None:
        assert node.process is not None
        node.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        for node in self.nodes:
            self.stop_node(node, kill=True)

    def wait_ready(self) -> None:
        """Until every running broker answers and knows as many brokers as run."""
        running = [node for node in self.nodes if node.process is not None]
        for node in running:
            wait_for_brokers(node.address, len(running), node.check_runs)

    def _format(self, node: KafkaNode) -> None:
        node.folder.mkdir(parents=True)
        properties = self._defaults(node) | self._properties
        lines = [f"{name}={value}" for name, value in properties.items()]
        (node.folder / "server.properties").write_text("\n".join(lines) + "\n")
        scram = [
            argument
            for name, password in self._users.items()
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for argument in ("--add-scram", f"{mechanism}=[name={name},password={password}]")
        ]
        written = str(node.folder / "server.properties")
        subprocess.run(
            self._java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", written, *scram),
            check=True,
            capture_output=True,
        )

    def _defaults(self, node: KafkaNode) -> dict[str, str]:
        replicas = str(min(3, len(self.nodes)))
        proxied = f"PROXIED://127.0.0.1:{node.proxied_port}"
        advertised = f"PROXIED://127.0.0.1:{node.advertised_proxy_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": str(node.id),
            "controller.quorum.voters": ",".join(f"{n.id}@127.0.0.1:{n.controller_port}" for n in self.nodes),
            "controller.listener.names": "CONTROLLER",
            "listeners": f"CLIENT://{node.address},{proxied},CONTROLLER://127.0.0.1:{node.controller_port}",
            "advertised.listeners": f"CLIENT://{node.address},{advertised}",
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "CLIENT",
            "log.dirs": str(node.folder / "data"),
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "500",
            "offsets.topic.num.partitions": "4",
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.replication.factor": replicas,
            "default.replication.factor": replicas,
            # Retention is looked at every second, so that a test can wait for it.
            "log.initial.task.delay.ms": "500",
            "log.retention.check.interval.ms": "1000",
            "log.segment.delete.delay.ms": "500",
        }

    def _java(self, main: str, *arguments: str) -> list[str]:
        return ["java", HEAP, "-cp", f"{self._jars}/*", main, *arguments]


def wait_for_brokers(address: str, count: int, check: Callable[[], None]) -> None:
    """Until the broker at `address` answers and knows so many; `check` raises when it never will."""
    deadline = time.monotonic() + READY_SECONDS
    with ThreadPoolExecutor(1) as thread:  # a loop of its own, whatever loop the caller has
        while not thread.submit(asyncio.run, _knows(address, count)).result():
            check()
            assert time.monotonic() < deadline, f"no broker at {address} after {READY_SECONDS:.0f} s"


async def _knows(address: str, brokers: int) -> bool:
    """Whether the broker at this address answers and knows so many; soon if not."""
    client = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=2000)
    try:
        async with asyncio.timeout(5):
            await client.start()
            cluster = await client.describe_cluster()
    except (KafkaError, OSError, TimeoutError):
        await asyncio.sleep(0.2)
        return False
    finally:
        await client.close()
    return len(cluster["brokers"]) >= brokers
