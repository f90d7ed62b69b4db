"""The chart's README, as helm-docs makes it of README.md.gotmpl and the comments of values.yaml.

`python -m tests.chart.readme` writes it; a test holds the file against it.
"""

import subprocess
import sys
from typing import Final

from tests.chart.chart import CHART

ARGUMENTS: Final = (f"--chart-search-root={CHART}", "--sort-values-order=file", "--dry-run", "--log-level=error")


if __name__ == "__main__":
    from tests.real.go_tools import binary

    done = subprocess.run([binary("helm-docs"), *ARGUMENTS], capture_output=True, text=True, check=True)
    (CHART / "README.md").write_text(done.stdout, encoding="utf-8")
    sys.stdout.write("wrote README.md\n")
