import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from tests.chart.chart import CHART, FOUR, Ran, Tool, merged
from tests.real.choice import no_real_part
from tests.real.go_tools import binary

TOOL_SECONDS: Final = 120.0


@pytest.fixture(scope="session")
def chart() -> Path:
    return CHART


@pytest.fixture(scope="session")
def run_tool(tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """Runs one of the tools that `make deps-real` builds: its name, its arguments, and what it reads from stdin."""
    home = tmp_path_factory.mktemp("helm")

    def run(name: str, arguments: Sequence[str | Path], given: str | None = None) -> Ran:
        if not binary(name).exists():
            no_real_part(name)
        # Helm would read and write the caller's own repositories and plugins.
        environ = os.environ | {f"HELM_{kind}_HOME": str(home / kind) for kind in ("CACHE", "CONFIG", "DATA")}
        done = subprocess.run(
            [binary(name), *map(str, arguments)],
            input=given,
            env=environ,
            capture_output=True,
            text=True,
            timeout=TOOL_SECONDS,
            check=False,
        )
        return Ran(done.args, done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def helm_template(run_tool: Tool, chart: Path) -> Callable[..., Ran]:
    """Renders the chart with values, and nothing else."""

    def render(values: dict[str, Any], *arguments: str) -> Ran:
        return run_tool("helm", ["template", "rockseg", chart, "--values", "-", *arguments], json.dumps(values))

    return render


@pytest.fixture(scope="session")
def rendered(helm_template: Callable[..., Ran]) -> Callable[..., list[dict[str, Any]]]:
    """The objects that the chart makes of FOUR and the values given."""

    def render(values: dict[str, Any]) -> list[dict[str, Any]]:
        done = helm_template(merged(FOUR, values))
        assert done.returncode == 0, done.said
        return [found for found in yaml.safe_load_all(done.stdout) if found]

    return render
