"""The service without a network in it: what everything around the model costs."""

import asyncio
import statistics
from pathlib import Path

from benchmarks.connection import Connection, multipart
from benchmarks.figures import Figure
from benchmarks.load import UNLIMITED, get_latencies, submit_and_wait, throughput
from benchmarks.photos import core_jpeg, noisy_jpeg
from rockseg_standalone.process import running_up

JOBS, CLIENTS, ROUNDS = 600, 16, 3
SUBMITS = 40
POLL_SECONDS = 0.02  # a job takes 80 ms: asked every 5 ms, the service would spend half its time on telling "not yet"
RATE, SECONDS = 200, 10


def measure(folder: Path) -> dict[str, Figure]:
    with running_up(folder / "null", ["--model", "null:0ms"], UNLIMITED) as (url, service):
        key = service.api_key
        small = [core_jpeg(64, 64)] * JOBS
        rates = [asyncio.run(throughput(url, key, small, CLIENTS, POLL_SECONDS)) for _ in range(ROUNDS)]
        submits = asyncio.run(_submits(url, key, noisy_jpeg(1_000_000)))
    with running_up(folder / "slow", ["--model", "null:120s"], UNLIMITED) as (url, service):
        gets = asyncio.run(_gets(url, service.api_key))
    return {
        "null_jobs_per_s": Figure(statistics.median(rates), "jobs/s", 150),
        "submit_p50_ms": Figure(statistics.median(submits) * 1e3, "ms", 20, "lower"),
        "get_p50_ms_200rps": Figure(statistics.median(gets) * 1e3, "ms", None, "lower"),
        "get_p99_ms_200rps": Figure(statistics.quantiles(gets, n=100)[98] * 1e3, "ms", 10, "lower"),
    }


async def _submits(url: str, key: str, photo: bytes) -> list[float]:
    connection = Connection(url, key)
    seconds = [(await submit_and_wait(connection, multipart(photo), POLL_SECONDS)).took_seconds for _ in range(SUBMITS)]
    await connection.close()
    return seconds


async def _gets(url: str, key: str) -> list[float]:
    connection = Connection(url, key)
    job_id = (await connection.submit(multipart(core_jpeg(64, 64)))).json()["job_id"]
    await connection.close()
    return await get_latencies(url, key, f"/job/{job_id}", RATE, SECONDS)
