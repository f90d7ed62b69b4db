"""Files are one idea each: median at most 120 lines, none above 400; and no package is a drawer for odds and ends."""

import statistics
import subprocess
import sys
from pathlib import Path

MEDIAN_LINES, MOST_LINES = 120, 400
DRAWERS = {"utils", "util", "common", "helpers", "helper", "misc", "manager"}


def main() -> int:
    """Print what breaks a bound; 1 if anything does."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    files = [Path(name) for name in listed if Path(name).exists()]
    lines = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    counted = [count for file, count in lines.items() if count and file.name != "__init__.py"]
    problems = [f"{file}: {count} lines, above {MOST_LINES}" for file, count in lines.items() if count > MOST_LINES]
    if statistics.median(counted) > MEDIAN_LINES:
        problems.append(f"median of {statistics.median(counted)} lines a file, above {MEDIAN_LINES}")
    problems += [f"{file}: a name that says nothing" for file in files if DRAWERS & {*file.parts, file.stem}]
    sys.stdout.write("\n".join(problems) or f"layout: {len(counted)} files, median {statistics.median(counted)} lines")
    sys.stdout.write("\n")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
