"""The service's resident memory: over many photos it stays where it was after a few; a large one has a ceiling."""

import asyncio
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.load import UNLIMITED, throughput
from benchmarks.photos import core_jpeg
from rockseg_standalone.process import UpProcess, running_up

FIRST, ALL = 20, 200


def measure(folder: Path) -> dict[str, Figure]:
    """Peaks are the kernel's own (VmHWM), of the one process that is API and worker."""
    with running_up(folder / "many", environment=UNLIMITED) as (url, service):
        photo = core_jpeg(708, 4348)
        asyncio.run(throughput(url, service.api_key, [photo] * FIRST, 4, 0.01))
        after_few = _peak_bytes(service)
        asyncio.run(throughput(url, service.api_key, [photo] * (ALL - FIRST), 4, 0.01))
        after_many = _peak_bytes(service)
    with running_up(folder / "large", environment=UNLIMITED) as (url, service):
        asyncio.run(throughput(url, service.api_key, [core_jpeg(10_000, 5_000)], 1, 0.05))
        large = _peak_bytes(service)
    return {
        "peak_rss_20_photos_gb": Figure(after_few / 1e9, "GB", None, "lower"),
        "peak_rss_200_over_20": Figure(after_many / after_few, "×", 1.05, "lower"),
        "peak_rss_50mp_gb": Figure(large / 1e9, "GB", 3, "lower"),
    }


def _peak_bytes(service: UpProcess) -> int:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
