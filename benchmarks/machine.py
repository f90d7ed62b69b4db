"""What the machine gives, to read the other figures by."""

import os
import statistics
import time
from pathlib import Path

from benchmarks.figures import Figure


def measure(folder: Path) -> dict[str, Figure]:
    """The disk's own time for a durable 4 KB append, as the log makes one a commit."""
    seconds = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(b"\0" * 4096)
            began = time.perf_counter()
            os.fsync(file.fileno())
            seconds.append(time.perf_counter() - began)
    return {
        "fsync_p50_ms": Figure(statistics.median(seconds) * 1e3, "ms", None, "lower"),
        "cores": Figure(os.cpu_count() or 1, "cores"),
    }
