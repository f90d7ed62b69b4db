"""The services as a platform team runs them, on real Kafka and real S3, all on this machine's cores.

Needs what `make deps-real` installs; without it these figures are left out, and that is said.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from tests.e2e.deployment import Deployment, Service, deployed
from tests.real.go_tools import binary
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_install import installed_jars
from tests.real.kafka_topics import fresh_topics
from tests.real.s3_server import MinioProcess

from benchmarks import view_replay
from benchmarks.connection import Connection, multipart
from benchmarks.figures import Figure
from benchmarks.load import get_latencies, submit_and_wait, throughput
from benchmarks.photos import core_jpeg, noisy_jpeg

PARTITIONS = 4
JOBS, CLIENTS, ROUNDS = 300, 16, 3
SUBMITS = 40
RATE, SECONDS = 200, 10
LATENCY_SECONDS = 0.02  # of the null model, for what a job costs beyond its model


def measure(folder: Path) -> dict[str, Figure]:
    """Empty where the real parts are not installed."""
    jars = installed_jars()
    if jars is None or not binary("minio").exists():
        print("cluster_*: left out, for there is no Kafka or S3 here; `make deps-real` installs them")
        return {}
    with _parts(jars, folder) as (kafka, minio):
        replayed = asyncio.run(view_replay.replayed(kafka.bootstrap, folder))
        found = _null(kafka, minio, folder) | _gets(kafka, minio, folder)
        return found | {
            "cluster_view_rebuild_per_s": Figure(replayed.view, "records/s", 30_000),
            "cluster_bare_replay_per_s": Figure(replayed.bare, "records/s"),
            "cluster_eta_view_rebuild": Figure(replayed.view / replayed.bare, "× bare"),
        }


@contextmanager
def _parts(jars: Path, folder: Path) -> Iterator[tuple[KafkaCluster, MinioProcess]]:
    for name in ("kafka", "minio"):
        (folder / name).mkdir()
    kafka, minio = KafkaCluster(jars, folder / "kafka"), MinioProcess(folder / "minio")
    try:
        kafka.start()
        minio.start()
        yield kafka, minio
    finally:
        kafka.stop()
        minio.process.stop()


@contextmanager
def _services(
    kafka: KafkaCluster, minio: MinioProcess, folder: Path, model: str
) -> Iterator[tuple[Deployment, Service, Service]]:
    topics = asyncio.run(fresh_topics(kafka.bootstrap, PARTITIONS))
    with (
        minio.server.bucket() as bucket,
        tempfile.TemporaryDirectory(dir=folder) as own,
        deployed(Path(own), topics, minio.server.environ(bucket) | {"ROCKSEG_LOG_LEVEL": "warning"}) as deployment,
    ):
        yield deployment, deployment.api(), deployment.worker(model)


def _null(kafka: KafkaCluster, minio: MinioProcess, folder: Path) -> dict[str, Figure]:
    with _services(kafka, minio, folder, "null:0ms") as (deployment, api, worker):
        key = deployment.key()
        small = [core_jpeg(64, 64)] * JOBS
        asyncio.run(throughput(api.url, key, small[:CLIENTS], CLIENTS, 0.02))
        processes = {
            "api": api.process.pid,
            "worker": worker.process.pid,
            "kafka": kafka.nodes[0].process.pid if kafka.nodes[0].process else 0,
            "minio": minio.process.pid,
        }
        before, began = _cpu(processes), time.perf_counter()
        rates = [asyncio.run(throughput(api.url, key, small, CLIENTS, 0.02)) for _ in range(ROUNDS)]
        after, seconds = _cpu(processes), time.perf_counter() - began
        submits = asyncio.run(_submits(api.url, key, noisy_jpeg(1_000_000)))
    found = {
        "cluster_null_jobs_per_s": Figure(statistics.median(rates), "jobs/s", 40),
        "cluster_submit_p50_ms": Figure(statistics.median(submits) * 1e3, "ms", 30, "lower"),
    }
    for name in processes:
        share = (after[name] - before[name]) / seconds
        found[f"cluster_{name}_cores"] = Figure(share, "cores", None, "lower")
    with _services(kafka, minio, folder, f"null:{LATENCY_SECONDS * 1e3:g}ms") as (deployment, api, _worker):
        overhead = asyncio.run(_overhead(api.url, deployment.key()))
    found["cluster_overhead_p50_ms"] = Figure(overhead * 1e3, "ms", 40, "lower")
    return found


def _gets(kafka: KafkaCluster, minio: MinioProcess, folder: Path) -> dict[str, Figure]:
    with _services(kafka, minio, folder, "null:120s") as (deployment, api, _worker):
        gets = asyncio.run(_latencies(api.url, deployment.key()))
    return {
        "cluster_get_p50_ms_200rps": Figure(statistics.median(gets) * 1e3, "ms", None, "lower"),
        "cluster_get_p99_ms_200rps": Figure(statistics.quantiles(gets, n=100)[98] * 1e3, "ms", 15, "lower"),
    }


async def _latencies(url: str, key: str) -> list[float]:
    connection = Connection(url, key)
    job_id = (await connection.submit(multipart(core_jpeg(64, 64)))).json()["job_id"]
    while (await connection.get(f"/job/{job_id}")).json()["status"] == "queued":  # noqa: ASYNC110  # as clients do
        await asyncio.sleep(0.05)
    await connection.close()
    return await get_latencies(url, key, f"/job/{job_id}", RATE, SECONDS)


async def _submits(url: str, key: str, photo: bytes) -> list[float]:
    connection = Connection(url, key)
    seconds = [(await submit_and_wait(connection, multipart(photo), 0.02)).took_seconds for _ in range(SUBMITS)]
    await connection.close()
    return seconds


async def _overhead(url: str, key: str) -> float:
    """Median seconds from the 202 to `finished_at` beyond the model's own latency, one job at a time."""
    connection, form = Connection(url, key), multipart(core_jpeg(64, 64))
    beyond: list[float] = []
    for _ in range(SUBMITS):
        submitted = await submit_and_wait(connection, form, 0.02)
        job = (await connection.get(f"/job/{submitted.job_id}")).json()
        beyond.append(job["finished_at"] - submitted.accepted_at - LATENCY_SECONDS)
    await connection.close()
    return statistics.median(beyond)


def _cpu(processes: dict[str, int]) -> dict[str, float]:
    times = {name: psutil.Process(pid).cpu_times() for name, pid in processes.items()}
    return {name: time.user + time.system for name, time in times.items()}
