"""The folder outside the clone that keeps what takes minutes to build: one folder a part and version."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

CACHE = "ROCKSEG_CACHE"


def cache_folder() -> Path:
    return Path(os.environ.get(CACHE) or Path.home() / ".cache" / "rockseg").absolute()


def part_folder(part: str, version: str) -> Path:
    """Where that version of a part is, or would be; it is whole if it is there at all."""
    return cache_folder() / f"{part}-{version}"


def install(part: str, version: str, build: Callable[[Path], None]) -> bool:
    """Have `build` fill an empty folder, which then gets its name in one step. False if it was there already.

    Two that install the same part at once build it once: the second waits for the first.
    """
    place = part_folder(part, version)
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f"{part}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if place.exists():
            return False
        unfinished = Path(tempfile.mkdtemp(prefix=f"~{part}-", dir=place.parent))
        try:
            build(unfinished)
            unfinished.chmod(0o755)
            unfinished.rename(place)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return True
