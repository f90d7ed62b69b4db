"""The service with the real model, beside a bare loop (decode, network, mask) over the same photos, turn by turn."""

import asyncio
import statistics
import time
from pathlib import Path

from benchmarks.connection import Connection, multipart
from benchmarks.figures import Figure
from benchmarks.load import UNLIMITED, submit_and_wait, throughput
from benchmarks.photos import core_jpeg
from rockseg_core.domain.job import JobOptions
from rockseg_core.imaging.decode import decode_photo
from rockseg_core.imaging.mask import encode_mask
from rockseg_core.ports.segmenter import Segmenter
from rockseg_inference.bootstrap import load_segmenter
from rockseg_model.photo import segment
from rockseg_standalone.home import default_bundle
from rockseg_standalone.process import running_up

SIZES = {"3mp": (708, 4348, 0.9), "1mp": (1024, 1024, 0.8)}  # name: width, height, goal of eta at c = 4
POLL_SECONDS = 0.02  # each poll takes a millisecond from the photos: 4 clients, a fifth of a core
ROUNDS, JOBS = 3, 16
CLIENTS = (1, 2, 4)


def measure(folder: Path) -> dict[str, Figure]:
    """eta = jobs a second of the service over photos a second of the bare loop; the median of its rounds."""
    segmenter = load_segmenter(str(default_bundle()))
    found: dict[str, Figure] = {}
    with running_up(folder / "real", environment=UNLIMITED) as (url, service):
        for size, (width, height, goal) in SIZES.items():
            photo = core_jpeg(width, height)
            _bare(segmenter, photo)
            asyncio.run(throughput(url, service.api_key, [photo] * 4, 2, POLL_SECONDS))
            bare: list[float] = []
            rates: dict[int, list[float]] = {clients: [] for clients in CLIENTS}
            ratios: dict[int, list[float]] = {clients: [] for clients in CLIENTS}
            for _ in range(ROUNDS):
                for clients in CLIENTS:
                    alone = [_bare(segmenter, photo) for _ in range(JOBS // 2)]
                    rate = asyncio.run(throughput(url, service.api_key, [photo] * JOBS, clients, POLL_SECONDS))
                    bare += alone
                    rates[clients].append(rate)
                    ratios[clients].append(rate * statistics.mean(alone))
            found[f"bare_{size}_per_s"] = Figure(1 / statistics.median(bare), "photos/s")
            for clients in CLIENTS:
                found[f"jobs_{size}_c{clients}_per_s"] = Figure(statistics.median(rates[clients]), "jobs/s")
                wanted = goal if clients == 4 else None
                found[f"eta_{size}_c{clients}"] = Figure(statistics.median(ratios[clients]), "× bare", wanted)
        photo = core_jpeg(1024, 1024)
        overhead = asyncio.run(_overhead(url, service.api_key, photo, segmenter))
    found["overhead_p50_ms_c1"] = Figure(overhead * 1e3, "ms", 20, "lower")
    return found


def _bare(segmenter: Segmenter, body: bytes) -> float:
    """Seconds of one photo without the service."""
    began = time.perf_counter()
    photo = decode_photo(body, max_pixels=64_000_000)
    found = segment(photo, JobOptions(), segmenter)
    encode_mask(found.mask, [rock.rgb for rock in segmenter.manifest.classes])
    return time.perf_counter() - began


async def _overhead(url: str, key: str, photo: bytes, segmenter: Segmenter) -> float:
    """Median seconds between 202 and `finished_at` beyond what the photo takes bare, one job at a time."""
    connection, form = Connection(url, key), multipart(photo)
    beyond: list[float] = []
    for _ in range(JOBS):
        alone = _bare(segmenter, photo)
        submitted = await submit_and_wait(connection, form, POLL_SECONDS)
        job = (await connection.get(f"/job/{submitted.job_id}")).json()
        beyond.append(job["finished_at"] - submitted.accepted_at - alone)
    await connection.close()
    return statistics.median(beyond)
