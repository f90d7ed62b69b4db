"""Write the dashboards into the chart: `make docs`. A test holds the chart's against these."""

import sys

from deploy.observability.dashboards import DASHBOARDS, FOLDER, written


def main() -> int:
    for name, make in DASHBOARDS.items():
        (FOLDER / f"{name}.json").write_text(written(make()), encoding="utf-8")
        sys.stdout.write(f"wrote {name}.json\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
