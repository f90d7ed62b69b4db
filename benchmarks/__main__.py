"""`make bench`: the service beside a bare loop over the same photos, in one run."""

import sys
import tempfile
from pathlib import Path

from benchmarks import cluster, figures, machine, memory, null_service, real_service, rendering


def main() -> int:
    """Exit code 0 whether or not the goals are met: the table says which are."""
    found: dict[str, figures.Figure] = {}
    with tempfile.TemporaryDirectory(prefix="rockseg-bench-") as name:
        folder = Path(name)
        found |= machine.measure(folder)
        found |= rendering.measure()
        found |= null_service.measure(folder)
        found |= real_service.measure(folder)
        found |= cluster.measure(folder)
        found |= memory.measure(folder)
    figures.write(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
