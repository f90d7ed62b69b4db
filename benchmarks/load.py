"""Closed-loop and open-loop load on one service."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.connection import Connection, multipart

# One key sends all the load; a client that is told to wait would measure the limit, not the service.
UNLIMITED = {"ROCKSEG_SUBMIT_RATE": "100000", "ROCKSEG_SUBMIT_BURST": "100000"}


@dataclass(frozen=True)
class Submitted:
    """`took_seconds` for the submit; `accepted_at` is the wall clock when the 202 was here."""

    job_id: str
    took_seconds: float
    accepted_at: float


async def submit_and_wait(connection: Connection, form: tuple[str, bytes], poll_seconds: float) -> Submitted:
    """One job until it is finished; its result is not fetched."""
    began = time.perf_counter()
    answer = await connection.submit(form)
    took, accepted_at = time.perf_counter() - began, time.time()
    if answer.status != 202:
        raise RuntimeError(f"submit answered {answer.status}: {answer.body[:200]!r}")
    job_id = str(answer.json()["job_id"])
    while True:
        # A finished job answers with its report, which costs the service no overlay.
        answer = await connection.get(f"/job/{job_id}?form=report")
        body = answer.json()
        if "status" not in body:
            return Submitted(job_id, took, accepted_at)
        if body["status"] == "failed":
            raise RuntimeError(body["error"])
        await asyncio.sleep(poll_seconds)


async def throughput(url: str, key: str, photos: Sequence[bytes], clients: int, poll_seconds: float) -> float:
    """Jobs a second, counted at `finished`, with `clients` that each wait for their job before the next."""
    forms = iter([multipart(photo) for photo in photos])

    async def client() -> None:
        connection = Connection(url, key)
        for form in forms:
            await submit_and_wait(connection, form, poll_seconds)
        await connection.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return len(photos) / (time.perf_counter() - began)


async def get_latencies(url: str, key: str, path: str, rate: float, seconds: float) -> list[float]:
    """Seconds from the moment a GET was due until its answer, at a steady `rate` a second (so that queueing counts)."""
    idle = [Connection(url, key) for _ in range(32)]
    latencies: list[float] = []

    async def one(due: float) -> None:
        connection = idle.pop() if idle else Connection(url, key)
        answer = await connection.get(path)
        latencies.append(time.perf_counter() - due)
        idle.append(connection)
        if answer.status != 200:
            raise RuntimeError(f"GET answered {answer.status}")

    for connection in idle:
        await connection.get(path)
    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.create_task(one(due))
    for connection in idle:
        await connection.close()
    return latencies
