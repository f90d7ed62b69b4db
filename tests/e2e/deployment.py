"""`rockseg-api` and `rockseg-inference` as a platform team runs them: processes on real Kafka and real S3."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import requests
from tests.real.process import free_port

from rockseg_api.keys import create_key
from rockseg_core.adapters.kafka.settings import KafkaSettings

ROOT: Final = Path(__file__).parents[2]
DEADLINE_SECONDS: Final = 120.0
# Rebalances as quick as tests need them; the proportions are those of the defaults.
QUICK_GROUP: Final = {
    "ROCKSEG_KAFKA_SESSION_SECONDS": "6",
    "ROCKSEG_KAFKA_HEARTBEAT_SECONDS": "1",
    "ROCKSEG_KAFKA_REVOKE_SECONDS": "2",
    "ROCKSEG_KAFKA_COMMIT_SECONDS": "2",
    "ROCKSEG_KAFKA_REBALANCE_SECONDS": "10",
}


@dataclass(eq=False)
class Service:
    """One process; its log goes to a file of its own."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""

    def terminate(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=DEADLINE_SECONDS)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=DEADLINE_SECONDS)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    @property
    def running(self) -> bool:
        return self.process.poll() is None


@dataclass
class Deployment:
    """The settings that all share, and the processes that run."""

    folder: Path
    environ: Mapping[str, str]
    services: list[Service] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)

    def api(self, **environ: str) -> Service:
        """A replica, ready. Raises AssertionError with its log when it ends before."""
        own = {"ROCKSEG_PORT": str(free_port()), "ROCKSEG_KEYS_FILE": str(self.folder / "keys")} | environ
        service = self._start("rockseg_api.entrypoints.cli", "serve", environ=own)
        service.url = f"http://127.0.0.1:{own['ROCKSEG_PORT']}"
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not _ready(service.url):
            assert service.running, service.log.read_text()
            assert time.monotonic() < deadline, service.log.read_text()
            time.sleep(0.05)
        return service

    def worker(self, model: str = "null:20ms", **environ: str) -> Service:
        return self._start("rockseg_inference.entrypoints.cli", environ={"ROCKSEG_MODEL": model} | environ)

    def broken_worker(self, how: str) -> Service:
        """One of `tests/faults/broken_worker.py`."""
        return self._start("tests.faults.broken_worker", how, environ={"ROCKSEG_MODEL": "null:50ms"})

    def key(self, tenant: str = "acme") -> str:
        """A key of that tenant, made when first asked for."""
        if tenant not in self.keys:
            self.keys[tenant], line = create_key(tenant)
            with (self.folder / "keys").open("a", encoding="ascii") as keys:
                keys.write(line + "\n")
        return self.keys[tenant]

    def session(self, tenant: str = "acme") -> requests.Session:
        session = requests.Session()
        session.headers["api-key"] = self.key(tenant)
        return session

    def stop(self) -> None:
        for service in self.services:
            if service.running:
                service.kill()

    def _start(self, module: str, *arguments: str, environ: Mapping[str, str]) -> Service:
        log = self.folder / f"{len(self.services)}-{module}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=os.environ | dict(self.environ) | dict(environ),
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        service = Service(process, log)
        self.services.append(service)
        return service


@contextmanager
def deployed(folder: Path, kafka: KafkaSettings, s3: Mapping[str, str]) -> Iterator[Deployment]:
    """Nothing runs yet; whatever was started is gone at the end."""
    environ = {
        "ROCKSEG_KAFKA_BROKERS": kafka.brokers,
        "ROCKSEG_KAFKA_JOBS_TOPIC": kafka.jobs_topic,
        "ROCKSEG_KAFKA_JOB_EVENTS_TOPIC": kafka.job_events_topic,
        "ROCKSEG_KAFKA_DEAD_LETTER_TOPIC": kafka.dead_letter_topic,
        "ROCKSEG_KAFKA_GROUP_ID": kafka.group_id,
        "ROCKSEG_METRICS_PORT": "0",
        "ROCKSEG_SUBMIT_RATE": "10000",
        "ROCKSEG_SUBMIT_BURST": "10000",
        **QUICK_GROUP,
        **s3,
    }
    (folder / "keys").touch()
    deployment = Deployment(folder, environ)
    try:
        yield deployment
    finally:
        deployment.stop()


def _ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
